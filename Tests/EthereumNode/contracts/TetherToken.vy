# pragma version 0.4.3
"""
@notice A token that behaves as USDT does where a watcher can see it: six decimals, `transfer`
        returns nothing, a fee logs a second Transfer, `deprecate` hands calls on to a successor
        which logs them, `destroyBlackFunds` takes a balance without any Transfer.
"""

interface Successor:
    def transferByLegacy(sender: address, to: address, amount: uint256): nonpayable

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    value: uint256

event Issue:
    amount: uint256

event Params:
    feeBasisPoints: uint256
    maxFee: uint256

event Deprecate:
    newAddress: address

event DestroyedBlackFunds:
    blackListedUser: address
    balance: uint256

event AddedBlackList:
    user: address

event RemovedBlackList:
    user: address

event Pause: pass

event Unpause: pass

MAX_SETTABLE_BASIS_POINTS: constant(uint256) = 20
MAX_SETTABLE_FEE: constant(uint256) = 50

name: public(String[32])
symbol: public(String[8])
decimals: public(uint8)
owner: public(address)
paused: public(bool)
deprecated: public(bool)
upgradedAddress: public(address)
legacy: public(address)
basisPointsRate: public(uint256)
maximumFee: public(uint256)
isBlackListed: public(HashMap[address, bool])
_totalSupply: uint256
balances: HashMap[address, uint256]

@deploy
def __init__(supply: uint256, legacy: address):
    self.name = "Tether USD"
    self.symbol = "USDT"
    self.decimals = 6
    self.owner = msg.sender
    self.legacy = legacy
    self.balances[msg.sender] = supply
    self._totalSupply = supply

@external
@view
def totalSupply() -> uint256:
    return self._totalSupply

@external
@view
def balanceOf(who: address) -> uint256:
    return self.balances[who]

@internal
def _move(sender: address, to: address, amount: uint256):
    fee: uint256 = min(amount * self.basisPointsRate // 10000, self.maximumFee)
    self.balances[sender] -= amount
    self.balances[to] += amount - fee
    if fee > 0:
        self.balances[self.owner] += fee
        log Transfer(sender=sender, receiver=self.owner, value=fee)
    log Transfer(sender=sender, receiver=to, value=amount - fee)

@external
def transfer(to: address, amount: uint256):
    assert not self.paused
    assert not self.isBlackListed[msg.sender]
    if self.deprecated:
        extcall Successor(self.upgradedAddress).transferByLegacy(msg.sender, to, amount)
    else:
        self._move(msg.sender, to, amount)

@external
def transferByLegacy(sender: address, to: address, amount: uint256):
    assert msg.sender == self.legacy
    self._move(sender, to, amount)

@external
def issue(amount: uint256):
    assert msg.sender == self.owner
    self.balances[self.owner] += amount
    self._totalSupply += amount
    log Issue(amount=amount)

@external
def give(to: address, amount: uint256):
    """
    @notice Gives a balance without a Transfer, as a successor takes over its holders.
    """
    assert msg.sender == self.owner
    self.balances[to] += amount
    self._totalSupply += amount

@external
def setParams(newBasisPoints: uint256, newMaxFee: uint256):
    assert msg.sender == self.owner
    assert newBasisPoints < MAX_SETTABLE_BASIS_POINTS
    assert newMaxFee < MAX_SETTABLE_FEE
    self.basisPointsRate = newBasisPoints
    self.maximumFee = newMaxFee * 1000000
    log Params(feeBasisPoints=self.basisPointsRate, maxFee=self.maximumFee)

@external
def deprecate(upgradedAddress: address):
    assert msg.sender == self.owner
    self.deprecated = True
    self.upgradedAddress = upgradedAddress
    log Deprecate(newAddress=upgradedAddress)

@external
def addBlackList(user: address):
    assert msg.sender == self.owner
    self.isBlackListed[user] = True
    log AddedBlackList(user=user)

@external
def removeBlackList(user: address):
    assert msg.sender == self.owner
    self.isBlackListed[user] = False
    log RemovedBlackList(user=user)

@external
def destroyBlackFunds(user: address):
    assert msg.sender == self.owner
    assert self.isBlackListed[user]
    funds: uint256 = self.balances[user]
    self.balances[user] = 0
    self._totalSupply -= funds
    log DestroyedBlackFunds(blackListedUser=user, balance=funds)

@external
def pause():
    assert msg.sender == self.owner
    self.paused = True
    log Pause()

@external
def unpause():
    assert msg.sender == self.owner
    self.paused = False
    log Unpause()
