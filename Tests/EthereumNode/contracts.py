"""The contracts of the folder beside this file, compiled by vyper, and calls of them."""

from hashlib import sha256
import json
import os
from pathlib import Path
import sys

from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector

from forms import RPCError, data, read_data

FOLDER = Path(__file__).parent / "contracts"
# In the Python environment, which goes when vyper changes.
COMPILED = Path(sys.prefix) / "compiled"
SUPPLY = 10**15
# What every test's chain begins with: name, contract, arguments of its constructor.
FIRST_CONTRACTS = [
    ("USDC", "USDCoin", [SUPPLY]),
    ("USDT", "TetherToken", [SUPPLY, "0x" + "00" * 20]),
    ("FAKE", "LookalikeToken", []),
    ("FORWARDER", "Forwarder", []),
]


def compiled(source):
    """Code and interface of a contract; compiled once, which takes half a second each."""
    kept = COMPILED / f"{sha256(source.encode()).hexdigest()}.json"
    if not kept.exists():
        from vyper import compile_code

        COMPILED.mkdir(exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_text(json.dumps(compile_code(source, output_formats=["abi", "bytecode"])))
        written.replace(kept)
    return json.loads(kept.read_text())


class Contract:
    """A contract's code and how its functions are called."""

    def __init__(self, name):
        output = compiled((FOLDER / f"{name}.vy").read_text())
        self.name = name
        self.code = bytes.fromhex(output["bytecode"][2:])
        self.functions = {
            entry["name"]: [item["type"] for item in entry["inputs"]]
            for entry in output["abi"] if entry["type"] == "function"}
        self.constructor = next(
            ([item["type"] for item in entry["inputs"]]
             for entry in output["abi"] if entry["type"] == "constructor"), [])

    def creation(self, arguments):
        """The input of the transaction that creates it."""
        return self.code + self._encode(self.constructor, arguments)

    def call(self, function, arguments):
        types = self.functions.get(function)
        if types is None:
            raise RPCError(-32602, f"{self.name} has no function {function}")
        selector = function_signature_to_4byte_selector(f"{function}({','.join(types)})")
        return selector + self._encode(types, arguments)

    def _encode(self, types, arguments):
        try:
            pairs = zip(types, arguments, strict=True)
            return encode(types, [self._value(*pair) for pair in pairs])
        except Exception as error:
            raise RPCError(-32602, f"arguments of {self.name}: {error}")

    @staticmethod
    def _value(kind, value):
        """JSON's numbers end at 2^53: larger ones come as hex, and so do bytes."""
        if kind.startswith("uint") and isinstance(value, str):
            return int(value, 0)
        if kind.startswith("bytes"):
            return read_data(value)
        return value


class Deployed:
    def __init__(self, contract, address):
        self.contract = contract
        self.address = address

    @property
    def answer(self):
        return {"contract": self.contract.name, "address": data(self.address)}
