# pragma version 0.4.3
"""
@notice Moves ether by inner calls, in each way that a watcher must tell apart.
"""

@external
@payable
def __default__():
    pass

@external
@payable
def forward(to: address):
    """
    @notice Sends on what came with the call.
    """
    raw_call(to, b"", value=msg.value)

@external
@payable
def forwardEach(receivers: DynArray[address, 16], amount: uint256):
    """
    @notice Several inner calls of one transaction; what is left stays here.
    """
    for to: address in receivers:
        raw_call(to, b"", value=amount)

@external
@payable
def forwardAndRevert(to: address):
    """
    @notice Sends on and then reverts, so that nothing has moved.
    """
    raw_call(to, b"", value=msg.value)
    raise "reverted after forwarding"

@external
@payable
def innerReverts(to: address) -> bool:
    """
    @notice Succeeds, while the inner call that had sent ether on was reverted.
    """
    return raw_call(
        self,
        abi_encode(to, method_id=method_id("forwardAndRevert(address)")),
        value=msg.value,
        revert_on_failure=False,
    )

@external
def overdraw(to: address) -> bool:
    """
    @notice Succeeds, while its inner call sends more than there is.
    """
    return raw_call(to, b"", value=self.balance + 1, revert_on_failure=False)

@external
@payable
def delegate(to: address) -> bool:
    """
    @notice A DELEGATECALL, which shows the value of its caller but moves none.
    """
    return raw_call(to, b"", is_delegate_call=True, revert_on_failure=False)

@external
@payable
def destroyInto(to: address):
    """
    @notice Sends its whole balance with SELFDESTRUCT.
    """
    selfdestruct(to)
