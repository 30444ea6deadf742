# pragma version 0.4.3
"""
@notice A worthless token under USDC's name and symbol. It logs what it likes: a Transfer without
        any balance, one with four topics as NFTs have (ERC-721), one with no indexed field.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)

@deploy
def __init__():
    self.name = "USD Coin"
    self.symbol = "USDC"
    self.decimals = 6

@external
def transfer(to: address, amount: uint256) -> bool:
    log Transfer(sender=msg.sender, receiver=to, value=amount)
    return True

@external
def logFourTopics(to: address, tokenID: uint256):
    topic: bytes32 = keccak256("Transfer(address,address,uint256)")
    raw_log(
        [topic, convert(msg.sender, bytes32), convert(to, bytes32), convert(tokenID, bytes32)], b"")

@external
def logOneTopic(to: address, amount: uint256):
    raw_log(
        [keccak256("Transfer(address,address,uint256)")], abi_encode(msg.sender, to, amount))
