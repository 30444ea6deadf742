"""What the server tells of blocks, transactions and receipts, member for member as geth 1.17."""

import rlp

from eth.vm.forks.cancun.state import fake_exponential
from eth.vm.forks.prague.constants import BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE
from eth.vm.forks.prague.state import MIN_BLOB_BASE_FEE
from eth_utils import keccak

from forms import address, data, quantity, word


def blob_base_fee(header):
    return fake_exponential(
        MIN_BLOB_BASE_FEE, header.excess_blob_gas, BLOB_BASE_FEE_UPDATE_FRACTION_PRAGUE)


def effective_gas_price(transaction, base_fee):
    return min(
        transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas)


def block_answer(block, is_full, is_pending=False):
    header = block.header
    answer = {
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "blobGasUsed": quantity(header.blob_gas_used),
        "difficulty": quantity(header.difficulty),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "extraData": data(header.extra_data),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "hash": data(header.hash),
        "logsBloom": "0x" + header.bloom.to_bytes(256, "big").hex(),
        "miner": data(header.coinbase),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "number": quantity(header.block_number),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "parentHash": data(header.parent_hash),
        "receiptsRoot": data(header.receipt_root),
        "requestsHash": data(header.requests_hash),
        "sha3Uncles": data(header.uncles_hash),
        "size": quantity(len(rlp.encode(block.block))),
        "stateRoot": data(header.state_root),
        "timestamp": quantity(header.timestamp),
        "transactions": [
            transaction_answer(transaction, block, index) if is_full else data(transaction.hash)
            for index, transaction in enumerate(block.transactions)
        ],
        "transactionsRoot": data(header.transaction_root),
        "uncles": [],
        "withdrawals": [
            {
                "index": quantity(each.index),
                "validatorIndex": quantity(each.validator_index),
                "address": data(each.address),
                "amount": quantity(each.amount),
            }
            for each in block.block.withdrawals
        ],
        "withdrawalsRoot": data(header.withdrawals_root),
    }
    if is_pending:
        answer.update(hash=None, miner=None, nonce=None)
        del answer["parentBeaconBlockRoot"]
    return answer


def signature(transaction):
    """The parity or v, then r and s, whichever type it is."""
    inner = getattr(transaction, "_inner", transaction)
    first = inner.v if transaction.type_id is None else inner.y_parity
    return first, inner.r, inner.s


def transaction_answer(transaction, block=None, index=None):
    """A transaction in its block, or where `block` is None in the pool."""
    kind = transaction.type_id or 0
    is_mined = block is not None
    if is_mined:
        price = effective_gas_price(transaction, block.header.base_fee_per_gas)
    else:
        price = transaction.max_fee_per_gas
    answer = {
        "blockHash": data(block.hash) if is_mined else None,
        "blockNumber": quantity(block.number) if is_mined else None,
        "blockTimestamp": quantity(block.header.timestamp) if is_mined else None,
        "from": data(transaction.sender),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(price),
    }
    if kind >= 2:
        answer["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        answer["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == 3:
        answer["maxFeePerBlobGas"] = quantity(transaction.max_fee_per_blob_gas)
    answer.update({
        "hash": data(transaction.hash),
        "input": data(transaction.data),
        "nonce": quantity(transaction.nonce),
        "to": address(transaction.to),
        "transactionIndex": quantity(index) if is_mined else None,
        "value": quantity(transaction.value),
        "type": quantity(kind),
    })
    if kind >= 1:
        answer["accessList"] = [
            {"address": data(place), "storageKeys": [word(key) for key in keys]}
            for place, keys in transaction.access_list
        ]
    if transaction.chain_id is not None:
        answer["chainId"] = quantity(transaction.chain_id)
    if kind == 3:
        answer["blobVersionedHashes"] = [
            data(each) for each in transaction.blob_versioned_hashes]
    if kind == 4:
        answer["authorizationList"] = [
            {
                "chainId": quantity(each.chain_id),
                "address": data(each.address),
                "nonce": quantity(each.nonce),
                "yParity": quantity(each.y_parity),
                "r": quantity(each.r),
                "s": quantity(each.s),
            }
            for each in transaction._inner.authorization_list
        ]
    first, r, s = signature(transaction)
    answer.update({"v": quantity(first), "r": quantity(r), "s": quantity(s)})
    if kind >= 1:
        answer["yParity"] = quantity(first)
    return answer


def created_address(sender, nonce):
    """Where a transaction's contract comes to be."""
    return keccak(rlp.encode([sender, nonce]))[-20:]


def log_answer(log, block, index, log_index):
    return {
        "address": data(log.address),
        "topics": [word(topic) for topic in log.topics],
        "data": data(log.data),
        "blockNumber": quantity(block.number),
        "transactionHash": data(block.transactions[index].hash),
        "transactionIndex": quantity(index),
        "blockHash": data(block.hash),
        "blockTimestamp": quantity(block.header.timestamp),
        "logIndex": quantity(log_index),
        "removed": False,
    }


def log_answers(block):
    """All logs of a block by transaction, numbered through the block."""
    count, answers = 0, []
    for index, receipt in enumerate(block.receipts):
        answers.append([
            log_answer(log, block, index, count + offset)
            for offset, log in enumerate(receipt.logs)])
        count += len(receipt.logs)
    return answers


def receipt_answers(block):
    logs = log_answers(block)
    return [receipt_answer(block, index, logs[index]) for index in range(len(block.receipts))]


def receipt_answer(block, index, logs):
    transaction, receipt = block.transactions[index], block.receipts[index]
    kind = transaction.type_id or 0
    answer = {}
    if kind == 3:
        answer["blobGasPrice"] = quantity(blob_base_fee(block.header))
        answer["blobGasUsed"] = quantity(2**17 * len(transaction.blob_versioned_hashes))
    answer.update({
        "blockHash": data(block.hash),
        "blockNumber": quantity(block.number),
        "contractAddress": (
            None if transaction.to
            else data(created_address(transaction.sender, transaction.nonce))),
        "cumulativeGasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(
            effective_gas_price(transaction, block.header.base_fee_per_gas)),
        "from": data(transaction.sender),
        "gasUsed": quantity(block.gas_used[index]),
        "logs": logs,
        "logsBloom": "0x" + receipt.bloom.to_bytes(256, "big").hex(),
        "status": "0x1" if receipt.state_root == b"\x01" else "0x0",
        "to": address(transaction.to),
        "transactionHash": data(transaction.hash),
        "transactionIndex": quantity(index),
        "type": quantity(kind),
    })
    return answer
