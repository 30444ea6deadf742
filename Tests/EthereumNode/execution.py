"""Calls that change nothing: eth_call and eth_estimateGas."""

from eth.constants import CREATE_CONTRACT_ADDRESS, GAS_TX
from eth.vm.forks.prague.constants import STANDARD_TOKEN_COST, TOTAL_COST_FLOOR_PER_TOKEN
from eth.exceptions import Revert
from eth.vm.message import Message

from answers import created_address
from forms import RPCError, data, read_data
from signing import access_list_of, field, gas_cap, input_of, receiver_of
from tracing import error_text, revert_reason


def least_gas(node, call):
    """What a call costs before it begins; the floor of EIP-7623 where that is more."""
    some_input = input_of(call)
    unsigned = node.builder.new_unsigned_access_list_transaction(
        chain_id=node.chain_id, nonce=0, gas_price=0, gas=0, to=receiver_of(call),
        value=0, data=some_input, access_list=access_list_of(call))
    zeros = some_input.count(0)
    tokens = zeros + (len(some_input) - zeros) * STANDARD_TOKEN_COST
    return max(unsigned.intrinsic_gas, GAS_TX + TOTAL_COST_FLOOR_PER_TOKEN * tokens)


def simulate(node, block, call, gas):
    """Runs a call on the state after a block; the computation."""
    state = node.state_at(block)
    sender = read_data(call["from"], 0, 20) if call.get("from") is not None else bytes(20)
    receiver, value = receiver_of(call), field(call, "value", 0)
    balance = state.get_balance(sender)
    if balance < value:
        raise RPCError(
            -32000, "insufficient funds for gas * price + value: address "
            f"0x{sender.hex()} have {balance} want {value}")
    context = state.get_transaction_context_class()(
        gas_price=field(call, "gasPrice", 0), origin=sender)
    for account in (sender, receiver or sender, state.coinbase):
        state.mark_address_warm(account)
    for account, slots in access_list_of(call):
        state.mark_address_warm(account)
        for slot in slots:
            state.mark_storage_warm(account, slot)
    gas -= least_gas(node, call)
    if gas < 0:
        raise RPCError(-32000, "intrinsic gas too low")
    if receiver:
        code, delegate = state.get_transaction_executor().get_code_at_address(receiver)
        message = Message(
            gas=gas, to=receiver, sender=sender, value=value, data=input_of(call), code=code,
            code_address=delegate, is_delegation=delegate is not None)
        return state.computation_class.apply_message(state, message, context)
    nonce = state.get_nonce(sender)
    state.increment_nonce(sender)
    message = Message(
        gas=gas, to=CREATE_CONTRACT_ADDRESS, sender=sender, value=value, data=b"",
        code=input_of(call), create_address=created_address(sender, nonce))
    return state.computation_class.apply_create_message(state, message, context)


def failure(computation):
    """The error that geth answers for a failed call."""
    if isinstance(computation._error, Revert):
        reason = revert_reason(computation.output)
        said = f": {reason}" if reason is not None else ""
        return RPCError(3, f"execution reverted{said}", data(computation.output))
    return RPCError(-32000, error_text(computation._error))


def call(node, block, wanted):
    gas = min(field(wanted, "gas", gas_cap(node)), gas_cap(node))
    computation = simulate(node, block, wanted, gas)
    if computation.is_error:
        raise failure(computation)
    return computation.output


def estimate_gas(node, block, wanted):
    """The least gas with which the call succeeds."""
    limit = min(field(wanted, "gas", gas_cap(node)), gas_cap(node))
    computation = simulate(node, block, wanted, limit)
    if computation.is_error:
        raise failure(computation)
    too_little, enough = least_gas(node, wanted) - 1, limit
    # What was used, without any refund, is mostly the answer.
    used = too_little + 1 + computation.get_gas_used()
    guesses = [used, used - 1]
    while too_little + 1 < enough:
        guess = guesses.pop(0) if guesses else (too_little + enough) // 2
        if not too_little < guess < enough:
            continue
        if simulate(node, block, wanted, guess).is_error:
            too_little = guess
        else:
            enough = guess
    return enough
