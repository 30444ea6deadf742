# pragma version 0.4.3
"""
@notice A token whose `transfer` returns false where it can't be made, as ERC-20 allows, and then
        changes nothing and logs nothing. Its owner can have it refuse all.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)
owner: public(address)
vetoed: public(bool)
balanceOf: public(HashMap[address, uint256])

@deploy
def __init__():
    self.name = "Veto"
    self.symbol = "VETO"
    self.decimals = 6
    self.owner = msg.sender
    self.balanceOf[msg.sender] = 10 ** 15

@external
def veto(vetoed: bool):
    assert msg.sender == self.owner
    self.vetoed = vetoed

@external
def transfer(to: address, amount: uint256) -> bool:
    if self.vetoed or self.balanceOf[msg.sender] < amount:
        return False
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    log Transfer(sender=msg.sender, receiver=to, value=amount)
    return True
