"""A Prague virtual machine that remembers every call of a transaction, as geth's callTracer tells
them: also those that failed before they began, and SELFDESTRUCT."""

from eth.exceptions import (
    ContractCreationCollision,
    Halt,
    InsufficientFunds,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfGas,
    Revert,
    StackDepthLimit,
    WriteProtection,
)
from eth.vm import opcode_values
from eth.vm.forks import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.opcodes import PRAGUE_OPCODES
from eth.vm.forks.prague.state import PragueState
from eth_abi import decode as abi_decode

from forms import address, data, quantity

ERROR_SELECTOR = bytes.fromhex("08c379a0")

# geth's words (core/vm/errors.go).
ERRORS = [
    (Revert, "execution reverted"),
    (OutOfGas, "out of gas"),
    (InvalidInstruction, "invalid opcode: INVALID"),
    (InvalidJumpDestination, "invalid jump destination"),
    (InsufficientFunds, "insufficient balance for transfer"),
    (InsufficientStack, "stack underflow"),
    (StackDepthLimit, "max call depth exceeded"),
    (ContractCreationCollision, "contract address collision"),
    (WriteProtection, "write protection"),
]


def error_text(error):
    for kind, text in ERRORS:
        if isinstance(error, kind):
            return text
    return type(error).__name__


def revert_reason(output):
    """What `revert(string)` said; None where it isn't that."""
    if output[:4] != ERROR_SELECTOR:
        return None
    try:
        return abi_decode(["string"], output[4:])[0]
    except Exception:
        return None


def stack_word(computation, depth):
    """The word at a depth of the stack, whichever way py-evm holds it."""
    values = computation._stack.values
    if depth >= len(values):
        return 0
    value = values[-1 - depth]
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def stack_address(computation, depth):
    return (stack_word(computation, depth) % 2**160).to_bytes(20, "big")


def frame(kind, sender, receiver, value, **rest):
    """A call frame with its members in geth's order."""
    result = {"from": address(sender), "gas": "0x0", "gasUsed": "0x0"}
    if receiver is not None:
        result["to"] = address(receiver)
    result["input"] = "0x"
    result.update({name: told for name, told in rest.items() if told is not None})
    if value is not None:
        result["value"] = quantity(value)
    result["type"] = kind
    return result


class Recording:
    """An opcode that enters another account, with a note in the computation of what it is."""

    def __init__(self, mnemonic, opcode):
        self.mnemonic = mnemonic
        self.opcode = opcode

    def __call__(self, computation):
        recorded = len(computation.frames)
        computation.entering = self.mnemonic
        owner = computation.msg.storage_address
        destroyed, wanted = None, None
        if self.mnemonic == "SELFDESTRUCT":
            destroyed = frame(
                "SELFDESTRUCT", owner, stack_address(computation, 0),
                computation.state.get_balance(owner))
        elif self.mnemonic in ("CALL", "CALLCODE"):
            wanted = (stack_address(computation, 1), stack_word(computation, 2))
        elif self.mnemonic in ("CREATE", "CREATE2"):
            wanted = (None, stack_word(computation, 0))
        try:
            self.opcode(computation=computation)
        except Halt:
            # That is how a SELFDESTRUCT ends which wasn't refused.
            computation.frames.append(destroyed)
            raise
        if wanted and len(computation.frames) == recorded:
            # py-evm doesn't begin a call that its account can't pay for; geth tells it.
            receiver, value = wanted
            text = "insufficient balance for transfer"
            if computation.state.get_balance(owner) >= value:
                text = "max call depth exceeded"
            computation.frames.append(frame(self.mnemonic, owner, receiver, value, error=text))


class RecordingComputation(PragueComputation):
    opcodes = {
        **PRAGUE_OPCODES,
        **{
            getattr(opcode_values, name): Recording(
                name, PRAGUE_OPCODES[getattr(opcode_values, name)])
            for name in (
                "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2",
                "SELFDESTRUCT",
            )
        },
    }

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.entering = None
        # Frames that are told as they are, and children with the kind of their call.
        self.frames = []

    def apply_child_computation(self, child_msg):
        kind = self.entering
        child = super().apply_child_computation(child_msg)
        self.frames.append((kind, child))
        return child


class RecordingState(PragueState):
    computation_class = RecordingComputation


class RecordingVM(PragueVM):
    """Keeps the computation of each transaction that the block has applied so far."""

    _state_class = RecordingState

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.computations = []

    def transaction_applied_hook(
        self, transaction_index, transactions, base_header, partial_header, computation, receipt
    ):
        self.computations.append(computation)


def call_trace(computation, gas, gas_used):
    """The whole transaction's trace; gas and gas used are the transaction's own."""
    kind = "CREATE" if computation.msg.is_create else "CALL"
    trace = told(kind, computation.msg.sender, computation)
    trace["gas"] = quantity(gas)
    trace["gasUsed"] = quantity(gas_used)
    return trace


def told(kind, sender, computation):
    message = computation.msg
    is_create = message.is_create
    if kind in ("DELEGATECALL", "CALLCODE"):
        receiver = message.code_address
    else:
        receiver = message.storage_address if is_create else message.to
    output, error, reason = None, None, None
    if computation.is_error:
        error = error_text(computation._error)
        if is_create:
            receiver = None
        if isinstance(computation._error, Revert) and computation.output:
            output = data(computation.output)
            reason = revert_reason(computation.output)
    elif computation.output:
        output = data(computation.output)
    result = frame(
        kind, sender, receiver, None if kind == "STATICCALL" else message.value,
        output=output, error=error, revertReason=reason)
    result["gas"] = quantity(message.gas)
    result["gasUsed"] = quantity(computation.get_gas_used())
    result["input"] = data(message.code if is_create else message.data)
    calls = [
        inner if isinstance(inner, dict)
        else told(inner[0], message.storage_address, inner[1])
        for inner in computation.frames
    ]
    if calls:
        result["calls"] = calls
    return result
