# pragma version 0.4.3
"""
@notice A token that behaves as USDC does where a watcher can see it: six decimals, pausing, a
        blacklist that stops both sides, minting, and the `Upgraded` event of its proxy (EIP-1967).
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    value: uint256

event Mint:
    minter: indexed(address)
    to: indexed(address)
    amount: uint256

event Pause: pass

event Unpause: pass

event Blacklisted:
    account: indexed(address)

event UnBlacklisted:
    account: indexed(address)

event Upgraded:
    implementation: indexed(address)

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
paused: public(bool)
isBlacklisted: public(HashMap[address, bool])
implementation: public(address)
owner: public(address)

@deploy
def __init__(supply: uint256):
    self.name = "USD Coin"
    self.symbol = "USDC"
    self.decimals = 6
    self.owner = msg.sender
    self._mint(msg.sender, supply)

@internal
def _mint(to: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Mint(minter=msg.sender, to=to, amount=amount)
    log Transfer(sender=empty(address), receiver=to, value=amount)

@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert not self.paused, "Pausable: paused"
    assert not self.isBlacklisted[msg.sender], "Blacklistable: account is blacklisted"
    assert not self.isBlacklisted[sender], "Blacklistable: account is blacklisted"
    assert not self.isBlacklisted[receiver], "Blacklistable: account is blacklisted"
    assert self.balanceOf[sender] >= amount, "ERC20: transfer amount exceeds balance"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, value=amount)

@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True

@external
def transferFrom(sender: address, to: address, amount: uint256) -> bool:
    assert self.allowance[sender][msg.sender] >= amount, "ERC20: transfer amount exceeds allowance"
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, to, amount)
    return True

@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, value=amount)
    return True

@external
def mint(to: address, amount: uint256) -> bool:
    assert msg.sender == self.owner, "FiatToken: caller is not a minter"
    self._mint(to, amount)
    return True

@external
def pause():
    assert msg.sender == self.owner, "Pausable: caller is not the pauser"
    self.paused = True
    log Pause()

@external
def unpause():
    assert msg.sender == self.owner, "Pausable: caller is not the pauser"
    self.paused = False
    log Unpause()

@external
def blacklist(account: address):
    assert msg.sender == self.owner, "Blacklistable: caller is not the blacklister"
    self.isBlacklisted[account] = True
    log Blacklisted(account=account)

@external
def unBlacklist(account: address):
    assert msg.sender == self.owner, "Blacklistable: caller is not the blacklister"
    self.isBlacklisted[account] = False
    log UnBlacklisted(account=account)

@external
def upgradeTo(implementation: address):
    assert msg.sender == self.owner, "only the admin"
    self.implementation = implementation
    log Upgraded(implementation=implementation)
