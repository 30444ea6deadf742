"""Works that paybench measures beside its own: `peers.py WORK FILE`.

FILE holds the work's input. The first line on standard output is {"check": ...}, the result of the
first unit of work, or {"absent": ...} where a library is missing. Then each line on standard input
is a number of seconds to go on working for, and each answer is {"count": ..., "seconds": ...}:
units done, in processor time of this process. An empty line ends it.
"""

import hashlib
import hmac
import itertools
import json
import random
import sys
import time

# Each work takes the input and gives a function from a unit's number to its result. For addresses
# the number is the index of the child, so that nothing can have been kept from before.


def p2wpkh_bip_utils(data):
    from bip_utils import Bip44Changes, Bip84, Bip84Coins

    account = Bip84.FromExtendedKey(data.decode(), Bip84Coins.BITCOIN)
    branch = account.Change(Bip44Changes.CHAIN_EXT)
    return lambda index: branch.AddressIndex(index).PublicKey().ToAddress()


def p2wpkh_embit(data):
    from embit import bip32, script
    from embit.networks import NETWORKS

    branch, network = bip32.HDKey.from_string(data.decode()).child(0), NETWORKS["main"]
    return lambda index: script.p2wpkh(branch.child(index)).address(network)


def p2wpkh_coincurve(data):
    child = coincurve_branch(data)
    if "ripemd160" not in hashlib.algorithms_available:
        raise ImportError("hashlib lacks RIPEMD-160")

    def address(index):
        digest = hashlib.sha256(child(index).format()).digest()
        return segwit_address(hashlib.new("ripemd160", digest).digest())

    return address


def erc55_bip_utils(data):
    from bip_utils import Bip44, Bip44Changes, Bip44Coins

    account = Bip44.FromExtendedKey(data.decode(), Bip44Coins.ETHEREUM)
    branch = account.Change(Bip44Changes.CHAIN_EXT)
    return lambda index: branch.AddressIndex(index).PublicKey().ToAddress()


def erc55_coincurve(data):
    from eth_hash.auto import keccak

    keccak(b"")
    child = coincurve_branch(data)

    def address(index):
        plain = keccak(child(index).format(compressed=False)[1:])[12:].hex()
        capitals = keccak(plain.encode()).hex()
        return "0x" + "".join(
            letter.upper() if nibble >= "8" else letter
            for letter, nibble in zip(plain, capitals)
        )

    return address


def block_bitcoinlib(data):
    from bitcoin.core import CBlock, b2lx

    def read(_):
        for transaction in CBlock.deserialize(data).vtx:
            txid = transaction.GetTxid()
        return b2lx(txid)

    return read


def json_orjson(data):
    import orjson

    return lambda _: len(orjson.loads(data))


def receipts_web3(data):
    import orjson
    from web3._utils.method_formatters import receipt_formatter

    def read(_):
        receipts = [receipt_formatter(receipt) for receipt in orjson.loads(data)]
        return sum(len(receipt["logs"]) for receipt in receipts)

    return read


def keccak_eth_hash(data):
    from eth_hash.auto import keccak

    keccak(b"")
    return lambda _: keccak(data).hex()


def keccak_pycryptodome(data):
    from Crypto.Hash import keccak

    return lambda _: keccak.new(digest_bits=256, data=data).hexdigest()


def keccak_pysha3(data):
    import sha3

    return lambda _: sha3.keccak_256(data).hexdigest()


# BIP-0032 and BIP-0173, as far as the works by hand need them.


def coincurve_branch(data):
    """From an account's extended public key to the public key of a child of its branch 0."""
    from coincurve import PublicKey

    def child(code, key, index):
        serialized = key.format() + index.to_bytes(4, "big")
        digest = hmac.digest(code, serialized, "sha512")
        return digest[32:], key.add(digest[:32])

    raw = base58(data.decode())
    code, key = child(raw[13:45], PublicKey(raw[45:78]), 0)
    return lambda index: child(code, key, index)[1]


def base58(text):
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = 0
    for letter in text:
        number = number * 58 + alphabet.index(letter)
    return number.to_bytes(82, "big")


ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
PREFIX = [3, 3, 0, 2, 3]  # "bc", expanded


def segwit_address(program):
    number = int.from_bytes(program, "big")
    values = [0] + [number >> shift & 31 for shift in range(155, -1, -5)]
    checksum = 1
    for value in PREFIX + values + [0] * 6:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATORS):
            if top >> bit & 1:
                checksum ^= generator
    checksum ^= 1
    values += [checksum >> shift & 31 for shift in range(25, -1, -5)]
    return "bc1" + "".join(ALPHABET[value] for value in values)


WORKS = {
    "p2wpkh-bip-utils": p2wpkh_bip_utils,
    "p2wpkh-embit": p2wpkh_embit,
    "p2wpkh-coincurve": p2wpkh_coincurve,
    "erc55-bip-utils": erc55_bip_utils,
    "erc55-coincurve": erc55_coincurve,
    "block-python-bitcoinlib": block_bitcoinlib,
    "json-orjson": json_orjson,
    "receipts-web3": receipts_web3,
    "keccak-eth-hash": keccak_eth_hash,
    "keccak-pycryptodome": keccak_pycryptodome,
    "keccak-safe-pysha3": keccak_pysha3,
}


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    name, path = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    try:
        work = WORKS[name](data)
    except ImportError as error:
        return answer({"absent": str(error)})
    answer({"check": str(work(0))})
    numbers = itertools.count(random.randrange(1 << 30))
    for line in sys.stdin:
        if not line.strip():
            break
        goal, count, batch = float(line), 0, 1
        start = time.process_time()
        while (passed := time.process_time() - start) < goal:
            for number in itertools.islice(numbers, batch):
                work(number)
            count += batch
            # Looks at the clock rarely enough for that not to be the work.
            if passed < goal / 8:
                batch = min(batch * 2, 1024)
        answer({"count": count, "seconds": passed})


if __name__ == "__main__":
    main()
