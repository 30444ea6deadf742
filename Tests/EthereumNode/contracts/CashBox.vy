# pragma version 0.4.3
"""
@notice An account with code that keeps books of what it gets: to pay it takes more gas than to pay
        an account without.
"""

count: public(uint256)
received: public(HashMap[address, uint256])

@external
@payable
def __default__():
    self.count += 1
    self.received[msg.sender] += msg.value
