# pragma version 0.4.3
"""
@notice Creates contracts at addresses that follow from their code and a salt (EIP-1014): one that
        destroys itself as it is created can be created there again.
"""

@external
@payable
def create(code: Bytes[1024], salt: bytes32):
    created: address = raw_create(code, value=msg.value, salt=salt)

@external
@payable
def createTwice(code: Bytes[1024], salt: bytes32):
    """
    @notice Within one transaction what was destroyed is still there: the second creation fails, and
            its half of the ether stays here.
    """
    half: uint256 = msg.value // 2
    created: address = raw_create(code, value=half, salt=salt)
    created = raw_create(code, value=half, salt=salt, revert_on_failure=False)
    assert created == empty(address)
