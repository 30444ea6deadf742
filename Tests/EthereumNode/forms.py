"""The forms in which Ethereum's JSON-RPC tells numbers and bytes."""


class RPCError(Exception):
    """What a JSON-RPC answer tells as its error; codes are geth's."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def invalid(position, why):
    return RPCError(-32602, f"invalid argument {position}: {why}")


def quantity(number):
    return hex(number)


def data(some_bytes):
    return "0x" + bytes(some_bytes).hex()


def address(some_bytes):
    return None if not some_bytes else data(some_bytes)


def word(number):
    return "0x" + number.to_bytes(32, "big").hex()


def read_data(text, position=0, size=None):
    if not isinstance(text, str):
        raise invalid(position, "json: cannot unmarshal non-string into Go value of type []uint8")
    if not text.startswith("0x"):
        raise invalid(position, "hex string without 0x prefix")
    try:
        found = bytes.fromhex(text[2:])
    except ValueError:
        odd = len(text) % 2
        raise invalid(position, "hex string of odd length" if odd else "invalid hex string")
    if len(text) != 2 + 2 * len(found):
        raise invalid(position, "invalid hex string")
    if size is not None and len(found) != size:
        raise invalid(position, f"hex string has length {2 * len(found)}, want {2 * size}")
    return found


def read_quantity(text, position=0):
    if not isinstance(text, str):
        raise invalid(position, "json: cannot unmarshal non-string into Go value of type *big.Int")
    if not text.startswith("0x"):
        raise invalid(position, "hex string without 0x prefix")
    digits = text[2:]
    if not digits:
        raise invalid(position, "hex string \"0x\"")
    if len(digits) > 1 and digits[0] == "0":
        raise invalid(position, "hex number with leading zero digits")
    if len(digits) > 64 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise invalid(position, "invalid hex string")
    return int(digits, 16)
