"""The chain behind the server: py-evm executes, this decides which branch is the chain, keeps a
pool of transactions and remembers the blocks that a reorganisation left behind."""

import logging
import os
import time

from eth.exceptions import PyEVMError
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CONTRACT_CODE
from eth.vm.forks.shanghai.withdrawals import Withdrawal
from eth_tester.backends.pyevm import PyEVMBackend
from eth_utils import ValidationError, keccak
from trie import HexaryTrie
import rlp

from forms import RPCError
from tracing import RecordingVM, call_trace

GAS_LIMIT = 60_000_000
TRANSACTION_GAS_LIMIT = 2**24
GWEI = 10**9

logging.getLogger("eth").setLevel(logging.ERROR)


class MinedBlock:
    """A block with what execution told: receipts, each transaction's gas, calls."""

    def __init__(self, block, receipts, computations):
        self.block = block
        self.header = block.header
        self.hash = block.header.hash
        self.number = block.header.block_number
        self.transactions = block.transactions
        self.receipts = receipts
        before = [0] + [receipt.gas_used for receipt in receipts]
        self.gas_used = [after - start for start, after in zip(before, before[1:])]
        self.traces = [
            call_trace(computation, transaction.gas, used)
            for computation, transaction, used in zip(
                computations, block.transactions, self.gas_used)
        ]


class Node:
    def __init__(self, chain_id, timestamp=None):
        backend = PyEVMBackend(
            genesis_parameters=PyEVMBackend.generate_genesis_params(
                {"gas_limit": GAS_LIMIT, "timestamp": timestamp or int(time.time())}),
            genesis_state=self._genesis_state(),
            vm_configuration=((0, RecordingVM),))
        self.backend = backend
        self.chain = backend.chain
        # eth-tester's own has 47 bits, which no wallet knows.
        type(self.chain).chain_id = chain_id
        self.chain_id = chain_id
        self.keys = {
            key.public_key.to_canonical_address(): key for key in backend.account_keys[:10]}
        genesis = MinedBlock(self.chain.get_canonical_block_by_number(0), (), ())
        self.blocks = {genesis.hash: genesis}
        self.canonical = [genesis]
        # Where a transaction is in the chain: block and index.
        self.places = {}
        self.pool = {}
        self._read = None
        self.safe_number = None
        self.finalized_number = None

    @staticmethod
    def _genesis_state():
        state = dict(PyEVMBackend.generate_genesis_state(num_accounts=10))
        contracts = {
            BEACON_ROOTS_ADDRESS: BEACON_ROOTS_CONTRACT_CODE,
            HISTORY_STORAGE_ADDRESS: HISTORY_STORAGE_CONTRACT_CODE,
        }
        for place, code in contracts.items():
            state[place] = {"balance": 0, "nonce": 1, "code": code, "storage": {}}
        return state

    @property
    def head(self):
        return self.canonical[-1]

    @property
    def builder(self):
        return RecordingVM.get_transaction_builder()

    # State

    def next_header(self, parent, **fields):
        """The header of a block on a parent, before any transaction."""
        fields.setdefault("timestamp", max(int(time.time()), parent.header.timestamp + 1))
        fields.setdefault("gas_limit", parent.header.gas_limit)
        fields.setdefault("parent_beacon_block_root", keccak(parent.hash))
        return RecordingVM.create_header_from_parent(parent.header, **fields)

    def state_at(self, block):
        """The state after a block, as the next block's transactions find it, to run them on."""
        return self.chain.get_vm(self.next_header(block)).state

    def reading(self, block):
        """The same, only to be read."""
        if self._read is None or self._read[0] is not block:
            self._read = (block, self.state_at(block))
        return self._read[1]

    def proof(self, root, key):
        """A value of a trie and the proof of it: the encoded nodes from the root on."""
        trie = HexaryTrie(self.chain.chaindb.db, root)
        path = keccak(key)
        nodes = [rlp.encode(node) for node in trie.get_proof(path)]
        # A node shorter than its hash would be stands within its parent.
        proof = nodes[:1] + [node for node in nodes[1:] if len(node) >= 32]
        return trie[path], proof

    # The pool

    def decode(self, encoded):
        if not encoded:
            raise RPCError(-32000, "typed transaction too short")
        if encoded[0] <= 0x7F:
            if len(encoded) == 1:
                raise RPCError(-32000, "typed transaction too short")
            if encoded[0] not in (1, 2, 3, 4):
                raise RPCError(-32000, "transaction type not supported")
        try:
            transaction = self.builder.decode(encoded)
            transaction.sender
            return transaction
        except (rlp.exceptions.RLPException, PyEVMError, TypeError, ValueError) as error:
            raise RPCError(-32000, f"rlp: {error}")
        except Exception:
            raise RPCError(-32000, "invalid sender")

    def submit(self, transaction):
        """Takes a transaction into the pool, or says in geth's words why not."""
        if transaction.hash in self.pool:
            raise RPCError(-32000, "already known")
        chain_id = transaction.chain_id
        if chain_id is None:
            raise RPCError(
                -32000, "only replay-protected (EIP-155) transactions allowed over RPC")
        if chain_id != self.chain_id:
            raise RPCError(
                -32000, f"invalid chain id for signer: have {chain_id} want {self.chain_id}")
        if transaction.gas > self.head.header.gas_limit:
            raise RPCError(-32000, "exceeds block gas limit")
        if transaction.gas < transaction.intrinsic_gas:
            raise RPCError(
                -32000, "intrinsic gas too low: "
                f"gas {transaction.gas}, minimum needed {transaction.intrinsic_gas}")
        if transaction.max_fee_per_gas < transaction.max_priority_fee_per_gas:
            raise RPCError(-32000, "max priority fee per gas higher than max fee per gas")
        state = self.reading(self.head)
        nonce = state.get_nonce(transaction.sender)
        if transaction.nonce < nonce:
            raise RPCError(
                -32000, f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        balance = state.get_balance(transaction.sender)
        cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
        if balance < cost:
            raise RPCError(
                -32000, f"insufficient funds for gas * price + value: balance {balance}, "
                f"tx cost {cost}, overshot {cost - balance}")
        replaced = [
            other for other in self.pool.values()
            if other.sender == transaction.sender and other.nonce == transaction.nonce]
        for other in replaced:
            if (10 * transaction.max_fee_per_gas < 11 * other.max_fee_per_gas
                    or 10 * transaction.max_priority_fee_per_gas
                    < 11 * other.max_priority_fee_per_gas):
                raise RPCError(-32000, "replacement transaction underpriced")
            del self.pool[other.hash]
        self.pool[transaction.hash] = transaction
        return transaction.hash

    def pending_nonce(self, account):
        nonce = self.reading(self.head).get_nonce(account)
        waiting = {
            transaction.nonce for transaction in self.pool.values()
            if transaction.sender == account}
        while nonce in waiting:
            nonce += 1
        return nonce

    def _ready(self, parent, header, is_reversed):
        """Those of the pool that a block on `parent` can hold, in the order of their arrival but
        each sender's by nonce; `is_reversed` takes the senders the other way round."""
        state = self.reading(parent)
        senders = list(dict.fromkeys(item.sender for item in self.pool.values()))
        nonces, balances, ready, gas = {}, {}, [], 0
        for sender in reversed(senders) if is_reversed else senders:
            mine = [item for item in self.pool.values() if item.sender == sender]
            nonces[sender] = state.get_nonce(sender)
            balances[sender] = state.get_balance(sender)
            for item in sorted(mine, key=lambda item: item.nonce):
                cost = item.gas * item.max_fee_per_gas + item.value
                if (item.nonce != nonces[sender] or cost > balances[sender]
                        or item.max_fee_per_gas < header.base_fee_per_gas
                        or gas + item.gas > header.gas_limit):
                    break
                nonces[sender] += 1
                balances[sender] -= cost
                gas += item.gas
                ready.append(item)
        if is_reversed:
            return ready
        order = {hash: index for index, hash in enumerate(self.pool)}
        # Arrival, except where that would put a sender's later nonce first.
        slots = sorted(order[item.hash] for item in ready)
        by_sender = {}
        for item in ready:
            by_sender.setdefault(item.sender, []).append(item)
        hashes = list(self.pool)
        return [by_sender[self.pool[hashes[slot]].sender].pop(0) for slot in slots]

    # Blocks

    def execute(self, parent, is_empty=False, is_reversed=False, withdrawals=(), **fields):
        """A new block on a parent, whichever branch that is on, of what the pool holds; it is
        nowhere kept yet."""
        header = self.next_header(parent, **fields)
        transactions = [] if is_empty else self._ready(parent, header, is_reversed)
        while True:
            vm = self.chain.get_vm(header)
            template = vm.get_block().copy(
                header=header, transactions=transactions,
                withdrawals=[Withdrawal(*each) for each in withdrawals])
            try:
                block = vm.import_block(template).block
                break
            except ValidationError:
                # One that only its execution shows to be impossible: it goes from the pool.
                if len(vm.computations) >= len(transactions):
                    raise
                refused = transactions[len(vm.computations)]
                self.pool.pop(refused.hash, None)
                transactions = [
                    item for item in transactions
                    if item is not refused
                    and (item.sender != refused.sender or item.nonce < refused.nonce)]
        receipts = block.get_receipts(self.chain.chaindb)
        return MinedBlock(block, tuple(receipts), vm.computations)

    def pending(self):
        """What the next block would be now."""
        return self.execute(self.head)

    def mine(self, **fields):
        """A new block on the head, made the head."""
        fields.setdefault("mix_hash", os.urandom(32))
        block = self.execute(self.head, **fields)
        self.chain.persist_block(block.block)
        self.blocks[block.hash] = block
        self.canonical.append(block)
        for index, transaction in enumerate(block.transactions):
            self.places[transaction.hash] = (block, index)
            self.pool.pop(transaction.hash, None)
        return block

    def reorganise(self, depth, count, dropped, is_reversed):
        """Leaves the last `depth` blocks and mines `count` others in their place. Transactions
        of those that were left wait in the pool again, but for the dropped ones."""
        if not 0 < depth < len(self.canonical) or not 0 <= count <= 1024:
            raise RPCError(-32602, "no such depth")
        left = self.canonical[-depth:]
        del self.canonical[-depth:]
        waiting = self.pool
        self.pool = {}
        for block in left:
            for transaction in block.transactions:
                self.places.pop(transaction.hash, None)
                if dropped != "all" and transaction.hash not in dropped:
                    self.pool[transaction.hash] = transaction
        self.pool.update(waiting)
        for _ in range(count):
            self.mine(is_reversed=is_reversed)
        return [block.hash for block in left]
