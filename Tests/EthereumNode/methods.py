"""The JSON-RPC methods that a client of Ethereum has, with geth's answers and errors."""

from eth.vm.forks.prague.constants import MAX_BLOB_GAS_PER_BLOCK
import rlp

from answers import (
    block_answer,
    blob_base_fee,
    effective_gas_price,
    log_answers,
    receipt_answer,
    receipt_answers,
    transaction_answer,
)
from execution import call, estimate_gas
from forms import RPCError, data, invalid, quantity, read_data, read_quantity, word
from node import GWEI
from signing import signed

MAXIMUM_FILTER_VALUES = 1000


def _ratio(used, limit):
    """As JSON writes it elsewhere: 0, not 0.0."""
    return used / limit if used else 0


class Methods:
    def __init__(self, node):
        self.node = node
        # What a provider refuses in eth_getLogs; None where it doesn't.
        self.maximum_range = None
        self.maximum_logs = None

    # Blocks by tag, number and hash

    def _by_number(self, text, position=0):
        """The block of a number or tag; None where there is none yet."""
        node = self.node
        if text == "latest":
            return node.head
        if text == "earliest":
            return node.canonical[0]
        if text == "pending":
            return node.pending()
        if text in ("safe", "finalized"):
            number = node.safe_number if text == "safe" else node.finalized_number
            if number is None:
                raise RPCError(-32000, f"{text} block not found")
            return node.canonical[min(number, node.head.number)]
        number = read_quantity(text, position)
        return node.canonical[number] if number < len(node.canonical) else None

    def _by_number_or_hash(self, wanted, position):
        """EIP-1898: a tag, a number, a hash, or an object that says which it is."""
        if isinstance(wanted, str):
            if len(wanted) == 66:
                return self.node.blocks.get(read_data(wanted, position, 32))
            return self._by_number(wanted, position)
        if not isinstance(wanted, dict) or ("blockHash" in wanted) == ("blockNumber" in wanted):
            raise invalid(position, "invalid block number or hash")
        if "blockNumber" in wanted:
            return self._by_number(wanted["blockNumber"], position)
        block = self.node.blocks.get(read_data(wanted["blockHash"], position, 32))
        if block and wanted.get("requireCanonical") and not self._is_canonical(block):
            raise RPCError(-32000, "hash is not currently canonical")
        return block

    def _is_canonical(self, block):
        chain = self.node.canonical
        return block.number < len(chain) and chain[block.number] is block

    def _state_block(self, wanted, position):
        block = self._by_number_or_hash("latest" if wanted is None else wanted, position)
        if block is None:
            by_hash = isinstance(wanted, dict) or len(wanted) == 66
            raise RPCError(-32000, "header for hash not found" if by_hash else "header not found")
        return block

    # The client

    def web3_clientVersion(self):
        return "EthereumNode/1.0.0/py-evm"

    def net_version(self):
        return str(self.node.chain_id)

    def eth_chainId(self):
        return quantity(self.node.chain_id)

    def eth_syncing(self):
        return False

    def eth_blockNumber(self):
        return quantity(self.node.head.number)

    def eth_accounts(self):
        return [data(account) for account in self.node.keys]

    # Blocks, transactions, receipts

    def eth_getBlockByNumber(self, number, full=False):
        block = self._by_number(number)
        return block and block_answer(block, full, number == "pending")

    def eth_getBlockByHash(self, hash, full=False):
        block = self.node.blocks.get(read_data(hash, 0, 32))
        return block and block_answer(block, full)

    def eth_getBlockReceipts(self, wanted):
        block = self._by_number_or_hash(wanted, 0)
        return None if block is None else receipt_answers(block)

    def eth_getTransactionByHash(self, hash):
        hash = read_data(hash, 0, 32)
        if hash in self.node.places:
            block, index = self.node.places[hash]
            return transaction_answer(block.transactions[index], block, index)
        pooled = self.node.pool.get(hash)
        return pooled and transaction_answer(pooled)

    def eth_getTransactionReceipt(self, hash):
        place = self.node.places.get(read_data(hash, 0, 32))
        if place is None:
            return None
        block, index = place
        return receipt_answer(block, index, log_answers(block)[index])

    def eth_getBlockTransactionCountByHash(self, hash):
        block = self.node.blocks.get(read_data(hash, 0, 32))
        return block and quantity(len(block.transactions))

    # Logs

    def eth_getLogs(self, criteria):
        if not isinstance(criteria, dict):
            raise invalid(0, "json: cannot unmarshal into Go value of type filters.input")
        addresses, topics = self._criteria(criteria)
        logs = [
            log for block in self._filtered_blocks(criteria)
            for answers in log_answers(block) for log in answers
            if self._matches(log, addresses, topics)]
        if self.maximum_logs is not None and len(logs) > self.maximum_logs:
            raise RPCError(
                -32005, f"query returned more than {self.maximum_logs} results")
        return logs

    def _filtered_blocks(self, criteria):
        if criteria.get("blockHash") is not None:
            if criteria.get("fromBlock") is not None or criteria.get("toBlock") is not None:
                raise invalid(
                    0, "cannot specify both BlockHash and FromBlock/ToBlock, "
                    "choose one or the other")
            block = self.node.blocks.get(read_data(criteria["blockHash"], 0, 32))
            if block is None:
                raise RPCError(-32000, "unknown block")
            return [block]
        first, last = (
            self._log_bound(criteria.get(name)) for name in ("fromBlock", "toBlock"))
        if first > last:
            raise RPCError(-32602, "invalid block range params")
        if last > self.node.head.number:
            raise RPCError(-32602, "block range extends beyond current head block")
        if self.maximum_range is not None and last - first >= self.maximum_range:
            raise RPCError(-32602, f"exceed maximum block range: {self.maximum_range}")
        return self.node.canonical[first:last + 1]

    def _log_bound(self, bound):
        if bound is None:
            bound = "latest"
        if bound in ("earliest", "safe", "finalized"):
            return self._by_number(bound).number
        if bound in ("latest", "pending"):
            return self.node.head.number
        return read_quantity(bound)

    @staticmethod
    def _criteria(criteria):
        """The addresses and, by position, the topics; None where all are wanted."""
        addresses = criteria.get("address")
        if isinstance(addresses, str):
            addresses = [addresses]
        if addresses:
            addresses = {data(read_data(each, 0, 20)) for each in addresses}
            if len(addresses) > MAXIMUM_FILTER_VALUES:
                raise RPCError(-32602, "exceed max addresses")
        topics = []
        for wanted in criteria.get("topics") or []:
            if wanted is None or wanted == []:
                topics.append(None)
                continue
            words = [wanted] if isinstance(wanted, str) else wanted
            if len(words) > MAXIMUM_FILTER_VALUES or len(topics) == 4:
                raise RPCError(-32602, "exceed max topics")
            topics.append(
                None if None in words else {data(read_data(each, 0, 32)) for each in words})
        return addresses or None, topics

    @staticmethod
    def _matches(log, addresses, topics):
        if addresses is not None and log["address"] not in addresses:
            return False
        return len(topics) <= len(log["topics"]) and all(
            wanted is None or topic in wanted for wanted, topic in zip(topics, log["topics"]))

    # State

    def eth_getBalance(self, account, block=None):
        state = self.node.reading(self._state_block(block, 1))
        return quantity(state.get_balance(read_data(account, 0, 20)))

    def eth_getCode(self, account, block=None):
        state = self.node.reading(self._state_block(block, 1))
        return data(state.get_code(read_data(account, 0, 20)))

    def eth_getStorageAt(self, account, slot, block=None):
        state = self.node.reading(self._state_block(block, 2))
        return word(state.get_storage(read_data(account, 0, 20), int(slot, 16)))

    def eth_getTransactionCount(self, account, block=None):
        account = read_data(account, 0, 20)
        if block == "pending":
            return quantity(self.node.pending_nonce(account))
        return quantity(self.node.reading(self._state_block(block, 1)).get_nonce(account))

    def eth_getProof(self, account, slots, block=None):
        """EIP-1186, out of the state trie as it was written at the block."""
        account = read_data(account, 0, 20)
        root = self._state_block(block, 2).header.state_root
        encoded, proof = self.node.proof(root, account)
        nonce, balance, storage_root, code_hash = (
            rlp.decode(encoded) if encoded else (b"", b"", bytes(32), bytes(32)))
        storage = []
        for slot in slots:
            key = int(slot, 16).to_bytes(32, "big")
            value, nodes = self.node.proof(storage_root, key) if encoded else (b"", [])
            number = int.from_bytes(rlp.decode(value), "big") if value else 0
            storage.append({
                "key": slot, "value": quantity(number), "proof": [data(each) for each in nodes]})
        return {
            "address": data(account),
            "accountProof": [data(each) for each in proof],
            "balance": quantity(int.from_bytes(balance, "big")),
            "codeHash": data(code_hash),
            "nonce": quantity(int.from_bytes(nonce, "big")),
            "storageHash": data(storage_root),
            "storageProof": storage,
        }

    def eth_call(self, wanted, block=None):
        return data(call(self.node, self._state_block(block, 1), wanted))

    def eth_estimateGas(self, wanted, block=None):
        return quantity(estimate_gas(self.node, self._state_block(block, 1), wanted))

    # Fees

    def eth_gasPrice(self):
        return quantity(self.node.next_header(self.node.head).base_fee_per_gas + GWEI)

    def eth_maxPriorityFeePerGas(self):
        return quantity(GWEI)

    def eth_blobBaseFee(self):
        return quantity(blob_base_fee(self.node.next_header(self.node.head)))

    def eth_feeHistory(self, count, newest, percentiles=None):
        count = count if isinstance(count, int) else read_quantity(count)
        last = self._by_number("latest" if newest == "pending" else newest, 1)
        if last is None:
            raise RPCError(-32000, "request beyond head block")
        percentiles = percentiles or []
        if any(not 0 <= each <= 100 for each in percentiles) or (
                sorted(percentiles) != percentiles):
            raise RPCError(-32000, "invalid reward percentile")
        first = max(0, last.number + 1 - min(count, 1024))
        blocks = self.node.canonical[first:last.number + 1]
        following = self.node.next_header(last)
        headers = [block.header for block in blocks]
        answer = {"oldestBlock": quantity(first)}
        if percentiles:
            answer["reward"] = [self._rewards(block, percentiles) for block in blocks]
        answer["baseFeePerGas"] = [
            quantity(header.base_fee_per_gas) for header in headers + [following]]
        answer["gasUsedRatio"] = [
            _ratio(header.gas_used, header.gas_limit) for header in headers]
        answer["baseFeePerBlobGas"] = [
            quantity(blob_base_fee(header)) for header in headers + [following]]
        answer["blobGasUsedRatio"] = [
            _ratio(header.blob_gas_used, MAX_BLOB_GAS_PER_BLOCK) for header in headers]
        return answer

    @staticmethod
    def _rewards(block, percentiles):
        """The tips at percentiles of the block's gas; zero where it holds nothing."""
        base_fee = block.header.base_fee_per_gas
        tips = sorted(
            (effective_gas_price(transaction, base_fee) - base_fee, used)
            for transaction, used in zip(block.transactions, block.gas_used))
        rewards = []
        for percentile in percentiles:
            threshold, total, reward = block.header.gas_used * percentile / 100, 0, 0
            for tip, used in tips:
                reward, total = tip, total + used
                if total >= threshold:
                    break
            rewards.append(quantity(reward))
        return rewards

    # Transactions

    def eth_sendRawTransaction(self, encoded):
        return data(self.node.submit(self.node.decode(read_data(encoded))))

    def eth_sendTransaction(self, wanted):
        """From one of `eth_accounts`, as a development node does."""
        transaction = signed(
            self.node, wanted, lambda call: estimate_gas(self.node, self.node.head, call))
        return data(self.node.submit(self.node.decode(transaction.encode())))

    # Traces

    @staticmethod
    def _check_tracer(options):
        tracer = (options or {}).get("tracer")
        if tracer != "callTracer":
            raise RPCError(-32000, f"only callTracer is there, not {tracer}")

    def _block_traces(self, block, name, options):
        self._check_tracer(options)
        if block is None:
            raise RPCError(-32000, f"block {name} not found")
        if block.number == 0:
            raise RPCError(-32000, "genesis is not traceable")
        return [
            {"txHash": data(transaction.hash), "result": trace}
            for transaction, trace in zip(block.transactions, block.traces)]

    def debug_traceBlockByHash(self, hash, options=None):
        return self._block_traces(
            self.node.blocks.get(read_data(hash, 0, 32)), hash, options)

    def debug_traceBlockByNumber(self, number, options=None):
        return self._block_traces(self._by_number(number), f"#{number}", options)

    def debug_traceTransaction(self, hash, options=None):
        self._check_tracer(options)
        place = self.node.places.get(read_data(hash, 0, 32))
        if place is None:
            raise RPCError(-32000, "transaction not found")
        block, index = place
        return block.traces[index]
