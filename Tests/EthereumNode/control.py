"""The methods with which a test makes its world: blocks, branches, finality, contracts."""

from answers import created_address
from contracts import FIRST_CONTRACTS, Contract, Deployed
from forms import RPCError, data, quantity, read_data, read_quantity
from methods import Methods

MAXIMUM_BLOCKS = 1024


class ControlledMethods(Methods):
    def __init__(self, node):
        super().__init__(node)
        self.deployed = {}
        self.compiled = {}

    def deploy_all(self):
        """One of each contract, in block 1, by the first account."""
        for name, contract, arguments in FIRST_CONTRACTS:
            self._deploy(name, contract, arguments)
        self.node.mine()

    def _deploy(self, name, contract, arguments, sender=None):
        if contract not in self.compiled:
            try:
                self.compiled[contract] = Contract(contract)
            except FileNotFoundError:
                raise RPCError(-32602, f"no contract {contract}")
        sender = sender or self.eth_accounts()[0]
        nonce = self.eth_getTransactionCount(sender, "pending")
        code = self.compiled[contract].creation(arguments)
        hash = self.eth_sendTransaction(
            {"from": sender, "data": data(code), "nonce": nonce, "gas": quantity(6_000_000)})
        transaction = self.node.pool[read_data(hash)]
        self.deployed[name] = Deployed(
            self.compiled[contract], created_address(transaction.sender, transaction.nonce))
        return hash

    def test_contracts(self):
        return {name: each.answer for name, each in self.deployed.items()}

    def test_deploy(self, name, contract, arguments=None):
        """Sends the transaction that creates a contract; it is there once a block is mined."""
        hash = self._deploy(name, contract, arguments or [])
        return {"transactionHash": hash, **self.deployed[name].answer}

    def test_transact(self, name, function, arguments=None, options=None):
        """Calls a deployed contract by a transaction of a development account (the first one,
        which owns all, where `options` has no `from`); its hash."""
        wanted = {"from": self.eth_accounts()[0], **(options or {})}
        called = self._deployed(name)
        wanted["to"] = data(called.address)
        wanted["data"] = data(called.contract.call(function, arguments or []))
        # As much as most of them need: an estimate would refuse what is meant to fail.
        wanted.setdefault("gas", quantity(300_000))
        return self.eth_sendTransaction(wanted)

    def test_calldata(self, name, function, arguments=None):
        """The input of such a call."""
        return data(self._deployed(name).contract.call(function, arguments or []))

    def _deployed(self, name):
        if name not in self.deployed:
            raise RPCError(-32602, f"no contract {name} was deployed")
        return self.deployed[name]

    def test_fund(self, account, wei):
        """Sends ether from the last development account; the transaction's hash."""
        return self.eth_sendTransaction(
            {"from": self.eth_accounts()[-1], "to": account, "value": wei})

    def test_mine(self, count=1, options=None):
        """Mines blocks, the first with all of the pool that fits; the hashes. Options are
        `timestamp` (of the first, in hex), `coinbase`, `empty` and `withdrawals` (objects with
        `index`, `validatorIndex`, `address` and `amount` in gwei, as a block's answer has them)."""
        options = options or {}
        if not isinstance(count, int) or not 0 <= count <= MAXIMUM_BLOCKS:
            raise RPCError(-32602, "no such count of blocks")
        hashes = []
        for position in range(count):
            fields = {"is_empty": bool(options.get("empty"))}
            if "coinbase" in options:
                fields["coinbase"] = read_data(options["coinbase"], 1, 20)
            if position == 0 and "timestamp" in options:
                fields["timestamp"] = read_quantity(options["timestamp"], 1)
                if fields["timestamp"] <= self.node.head.header.timestamp:
                    raise RPCError(-32602, "the timestamp isn't after the parent's")
            if position == 0:
                fields["withdrawals"] = [
                    (
                        read_quantity(each["index"]), read_quantity(each["validatorIndex"]),
                        read_data(each["address"], 1, 20), read_quantity(each["amount"]),
                    )
                    for each in options.get("withdrawals", [])]
            hashes.append(data(self.node.mine(**fields).hash))
        return hashes

    def test_reorg(self, depth, options=None):
        """Replaces the last `depth` blocks by `blocks` others (one more than that where nothing is
        said); the hashes of those that were left, lowest first. Their transactions are mined again
        in the first new block, but for those in `drop` (hashes, or "all"); `reversed` takes the
        senders in the other order, which changes the logs' numbers."""
        options = options or {}
        dropped = options.get("drop", [])
        if dropped != "all":
            dropped = {read_data(each, 1, 32) for each in dropped}
        left = self.node.reorganise(
            depth, options.get("blocks", depth + 1), dropped, bool(options.get("reversed")))
        return [data(hash) for hash in left]

    def test_drop(self, hash):
        """Takes a transaction from the pool; whether it was there."""
        return self.node.pool.pop(read_data(hash, 0, 32), None) is not None

    def test_finalize(self, finalized=None, safe=None):
        """Makes a block finalized, and another (or the same) safe; the head where nothing is
        said. Before the first call neither tag has a block."""
        head = quantity(self.node.head.number)
        number = self._by_number(finalized or head)
        if number is None:
            raise RPCError(-32602, "no such block")
        self.node.finalized_number = number.number
        safe_block = self._by_number(safe or quantity(number.number))
        if safe_block is None or safe_block.number < number.number:
            raise RPCError(-32602, "safe can't be below finalized")
        self.node.safe_number = safe_block.number
        return True

    def test_limits(self, limits):
        """What eth_getLogs refuses from now on: `range` in blocks, `logs` in an answer."""
        self.maximum_range = limits.get("range")
        self.maximum_logs = limits.get("logs")
        return True
