"""Transactions of every type, signed with the keys of the development accounts."""

from eth.vm.forks.prague.constants import MAGIC
from eth_utils import keccak
import rlp

from forms import RPCError, invalid, read_data, read_quantity
from node import GWEI, TRANSACTION_GAS_LIMIT

DEFAULT_TIP = GWEI


def field(call, name, default):
    return read_quantity(call[name]) if call.get(name) is not None else default


def input_of(call):
    """`input`, or `data` as older clients call it."""
    text = call.get("input", call.get("data"))
    return read_data(text) if text is not None else b""


def receiver_of(call):
    return read_data(call["to"], 0, 20) if call.get("to") is not None else b""


def access_list_of(call):
    return [
        (read_data(each["address"], 0, 20),
         [int.from_bytes(read_data(key, 0, 32), "big") for key in each["storageKeys"]])
        for each in call.get("accessList") or []]


def signed(node, call, estimate):
    """The signed transaction of an `eth_sendTransaction` call: `type` says which, by default 2.
    `estimate` tells the gas where the call doesn't."""
    sender = read_data(call.get("from"), 0, 20)
    key = node.keys.get(sender)
    if key is None:
        raise RPCError(-32000, "unknown account")
    kind = field(call, "type", 0 if "gasPrice" in call else 2)
    base_fee = node.head.header.base_fee_per_gas
    common = {
        "nonce": field(call, "nonce", node.pending_nonce(sender)),
        "gas": field(call, "gas", None) or estimate(call),
        "to": receiver_of(call),
        "value": field(call, "value", 0),
        "data": input_of(call),
    }
    tip = field(call, "maxPriorityFeePerGas", DEFAULT_TIP)
    fees = {
        "max_priority_fee_per_gas": tip,
        "max_fee_per_gas": field(call, "maxFeePerGas", 2 * base_fee + tip),
    }
    price = {"gas_price": field(call, "gasPrice", 2 * base_fee + tip)}
    typed = {"chain_id": node.chain_id, "access_list": access_list_of(call)}
    builder = node.builder
    if kind == 0:
        unsigned = builder.create_unsigned_transaction(**common, **price)
        return unsigned.as_signed_transaction(key, chain_id=node.chain_id)
    if kind == 1:
        unsigned = builder.new_unsigned_access_list_transaction(**common, **price, **typed)
    elif kind == 2:
        unsigned = builder.new_unsigned_dynamic_fee_transaction(**common, **fees, **typed)
    elif kind == 3:
        unsigned = builder.new_unsigned_blob_transaction(
            **common, **fees, **typed,
            max_fee_per_blob_gas=field(call, "maxFeePerBlobGas", GWEI),
            blob_versioned_hashes=[
                read_data(each, 0, 32) for each in call.get("blobVersionedHashes") or []])
    elif kind == 4:
        unsigned = builder.new_unsigned_set_code_transaction(
            **common, **fees, **typed,
            authorization_list=[
                authorization(node, each, sender, common["nonce"])
                for each in call.get("authorizationList") or []])
    else:
        raise invalid(0, "transaction type not supported")
    return unsigned.as_signed_transaction(key)


def authorization(node, wanted, sender, nonce):
    """EIP-7702: an account of ours (`authority`) lends itself the code of `address`."""
    authority = read_data(wanted.get("authority"), 0, 20)
    key = node.keys.get(authority)
    if key is None:
        raise RPCError(-32000, "unknown account")
    # The sender's own nonce has been raised when its authorization is looked at.
    default = nonce + 1 if authority == sender else node.pending_nonce(authority)
    chain_id = field(wanted, "chainId", node.chain_id)
    code = read_data(wanted.get("address"), 0, 20)
    own_nonce = field(wanted, "nonce", default)
    digest = keccak(MAGIC + rlp.encode([chain_id, code, own_nonce]))
    parity, r, s = key.sign_msg_hash(digest).vrs
    return {
        "chain_id": chain_id, "address": code, "nonce": own_nonce,
        "y_parity": parity, "r": r, "s": s}


def gas_cap(node):
    return min(TRANSACTION_GAS_LIMIT, node.head.header.gas_limit)
