"""Checks the server against itself as a client sees it: rebuilds, from the JSON answers alone, the
hashes of headers and transactions, the roots of transactions, receipts and withdrawals, blooms and
the proofs of accounts and storage, for transactions of every type and over a reorganisation."""

import http.client
import json
from pathlib import Path
import subprocess
import sys

from eth_bloom import BloomFilter
from eth_keys import keys
from eth_utils import keccak
import rlp
from trie import HexaryTrie

TRANSFER = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
ETHER = 10**18
RECEIVER = "0x" + "ab" * 20


def raw(text):
    return bytes.fromhex(text[2:])


def number(text):
    assert text == hex(int(text, 16)), f"{text} is no quantity"
    return int(text, 16)


def root(items):
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(index)] = item
    return trie.root_hash


def header_hash(block):
    hashes = ["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
              "logsBloom"]
    numbers = ["difficulty", "number", "gasLimit", "gasUsed", "timestamp"]
    fields = [raw(block[name]) for name in hashes] + [number(block[name]) for name in numbers]
    fields += [raw(block[name]) for name in ("extraData", "mixHash", "nonce")]
    fields += [number(block["baseFeePerGas"]), raw(block["withdrawalsRoot"])]
    fields += [number(block["blobGasUsed"]), number(block["excessBlobGas"])]
    fields += [raw(block["parentBeaconBlockRoot"]), raw(block["requestsHash"])]
    return keccak(rlp.encode(fields))


def access_list(transaction):
    return [
        [raw(each["address"]), [raw(key) for key in each["storageKeys"]]]
        for each in transaction["accessList"]]


def transaction_fields(transaction):
    """The fields before the signature."""
    kind = number(transaction["type"])
    receiver = raw(transaction["to"]) if transaction["to"] else b""
    rest = [number(transaction["gas"]), receiver, number(transaction["value"]),
            raw(transaction["input"])]
    nonce = number(transaction["nonce"])
    if kind == 0:
        return [nonce, number(transaction["gasPrice"])] + rest
    fields = [number(transaction["chainId"]), nonce]
    if kind == 1:
        fields += [number(transaction["gasPrice"])]
    else:
        fields += [number(transaction["maxPriorityFeePerGas"]), number(transaction["maxFeePerGas"])]
    fields += rest + [access_list(transaction)]
    if kind == 3:
        fields += [number(transaction["maxFeePerBlobGas"]),
                   [raw(each) for each in transaction["blobVersionedHashes"]]]
    if kind == 4:
        fields.append([
            [number(each["chainId"]), raw(each["address"]), number(each["nonce"]),
             number(each["yParity"]), number(each["r"]), number(each["s"])]
            for each in transaction["authorizationList"]])
    return fields


def encoded_transaction(transaction):
    """Its bytes, after its sender was recovered from the signature."""
    kind = number(transaction["type"])
    fields = transaction_fields(transaction)
    v, r, s = (number(transaction[name]) for name in ("v", "r", "s"))
    prefix = bytes([kind]) if kind else b""
    signed = fields + ([number(transaction["chainId"]), 0, 0] if kind == 0 else [])
    parity = (v - 35) % 2 if kind == 0 else v
    digest = keccak(prefix + rlp.encode(signed))
    sender = keys.Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest)
    assert sender.to_address() == transaction["from"]
    return prefix + rlp.encode(fields + [v, r, s])


def encoded_receipt(receipt):
    logs = [
        [raw(log["address"]), [raw(topic) for topic in log["topics"]], raw(log["data"])]
        for log in receipt["logs"]]
    bloom = BloomFilter()
    for place, topics, _ in logs:
        bloom.extend([place, *topics])
    assert raw(receipt["logsBloom"]) == int(bloom).to_bytes(256, "big")
    kind = number(receipt["type"])
    fields = [number(receipt["status"]), number(receipt["cumulativeGasUsed"]),
              raw(receipt["logsBloom"]), logs]
    return (bytes([kind]) if kind else b"") + rlp.encode(fields)


class Client:
    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py")), "--follow-input"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode().strip()
        self.connection = http.client.HTTPConnection(line.removeprefix("http://"))

    def post(self, body):
        self.connection.request(
            "POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        assert response.status == 200, response.status
        return json.loads(response.read())

    def error(self, method, *parameters):
        answer = self.post(
            {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(parameters)})
        assert answer["id"] == 7
        return answer.get("error"), answer.get("result")

    def __getattr__(self, method):
        def call(*parameters):
            error, result = self.error(method, *parameters)
            assert error is None, f"{method}{parameters}: {error}"
            return result
        return call

    def check_block(self, name):
        """The whole block by its number or hash, once everything in it is proved."""
        fetch = self.eth_getBlockByHash if len(name) == 66 else self.eth_getBlockByNumber
        block = fetch(name, True)
        receipts = self.eth_getBlockReceipts(block["hash"])
        assert raw(block["hash"]) == header_hash(block)
        encoded = [encoded_transaction(each) for each in block["transactions"]]
        assert [keccak(each) for each in encoded] == [
            raw(each["hash"]) for each in block["transactions"]]
        assert raw(block["transactionsRoot"]) == root(encoded)
        assert raw(block["receiptsRoot"]) == root([encoded_receipt(each) for each in receipts])
        assert raw(block["withdrawalsRoot"]) == root([
            rlp.encode([number(each["index"]), number(each["validatorIndex"]),
                        raw(each["address"]), number(each["amount"])])
            for each in block["withdrawals"]])
        assert [each["transactionHash"] for each in receipts] == [
            each["hash"] for each in block["transactions"]] == fetch(name, False)["transactions"]
        logs = [log for receipt in receipts for log in receipt["logs"]]
        assert [number(log["logIndex"]) for log in logs] == list(range(len(logs)))
        assert self.eth_getLogs({"blockHash": block["hash"]}) == logs
        return block, receipts

    def check_proof(self, account, slots, block):
        """The account's balance by its proof; absent accounts have none."""
        answer = self.eth_getProof(account, slots, block["hash"])
        nodes = [rlp.decode(raw(node)) for node in answer["accountProof"]]
        leaf = HexaryTrie.get_from_proof(raw(block["stateRoot"]), keccak(raw(account)), nodes)
        if not leaf:
            assert answer["balance"] == "0x0"
            return 0
        nonce, balance, storage_root, code_hash = rlp.decode(leaf)
        assert number(answer["nonce"]) == int.from_bytes(nonce, "big")
        assert number(answer["balance"]) == int.from_bytes(balance, "big")
        assert raw(answer["storageHash"]) == storage_root
        assert raw(answer["codeHash"]) == code_hash
        for each, slot in zip(answer["storageProof"], slots, strict=True):
            nodes = [rlp.decode(raw(node)) for node in each["proof"]]
            value = HexaryTrie.get_from_proof(storage_root, keccak(raw(slot)), nodes)
            expected = int.from_bytes(rlp.decode(value), "big") if value else 0
            assert each["key"] == slot and number(each["value"]) == expected
        assert self.eth_getBalance(account, block["hash"]) == answer["balance"]
        return int.from_bytes(balance, "big")


def check_types(node):
    """A transaction of each type, a withdrawal, and a contract's creation in one block."""
    first, second, *_ = node.eth_accounts()
    for kind in range(5):
        call = {"from": first, "to": RECEIVER, "value": hex(ETHER), "type": hex(kind)}
        if kind == 1:
            call["accessList"] = [{"address": second, "storageKeys": ["0x" + "00" * 31 + "07"]}]
        if kind == 3:
            call["blobVersionedHashes"] = ["0x01" + "cd" * 31]
        if kind == 4:
            call["authorizationList"] = [
                {"authority": second, "address": node.test_contracts()["FORWARDER"]["address"]}]
            call["gas"] = hex(100_000)
        node.eth_sendTransaction(call)
    node.test_deploy("OTHER", "LookalikeToken")
    node.test_mine(1, {"withdrawals": [
        {"index": "0x0", "validatorIndex": "0x3", "address": RECEIVER, "amount": "0x5"}]})
    block, receipts = node.check_block("latest")
    assert [each["type"] for each in receipts] == ["0x0", "0x1", "0x2", "0x3", "0x4", "0x2"]
    assert all(each["status"] == "0x1" for each in receipts)
    assert node.eth_getCode(second).startswith("0xef0100")
    assert receipts[-1]["contractAddress"] == node.test_contracts()["OTHER"]["address"]
    assert node.check_proof(RECEIVER, [], block) == 5 * ETHER + 5 * 10**9
    assert node.check_proof("0x" + "99" * 20, [], block) == 0


def check_traces(node):
    """Ether sent on by inner calls, in each way."""
    first = node.eth_accounts()[0]
    forwarder = node.test_contracts()["FORWARDER"]["address"]
    paid = {"value": "0x64"}
    wanted = {
        "forward": ([RECEIVER], [("CALL", None)]),
        "forwardEach": ([[RECEIVER, first], 7], [("CALL", None), ("CALL", None)]),
        "innerReverts": ([RECEIVER], [("CALL", "execution reverted")]),
        "forwardAndRevert": ([RECEIVER], [("CALL", None)]),
        "overdraw": ([RECEIVER], [("CALL", "insufficient balance for transfer")]),
        "delegate": ([RECEIVER], [("DELEGATECALL", None)]),
        "destroyInto": ([RECEIVER], [("SELFDESTRUCT", None)]),
    }
    before = number(node.eth_getBalance(RECEIVER))
    for function, (arguments, _) in wanted.items():
        value = {} if function == "overdraw" else paid
        node.test_transact("FORWARDER", function, arguments, value)
    node.test_mine()
    block, receipts = node.check_block("latest")
    traces = node.debug_traceBlockByHash(block["hash"], {"tracer": "callTracer"})
    assert [each["txHash"] for each in traces] == [each["hash"] for each in block["transactions"]]
    for (function, (_, calls)), trace, receipt in zip(
            wanted.items(), traces, receipts, strict=True):
        told = trace["result"]
        assert told["type"] == "CALL" and told["to"] == forwarder and told["from"] == first
        assert told["gasUsed"] == receipt["gasUsed"]
        reverts = function == "forwardAndRevert"
        assert receipt["status"] == ("0x0" if reverts else "0x1"), function
        assert told.get("error") == ("execution reverted" if reverts else None)
        found = [(each["type"], each.get("error")) for each in told["calls"]]
        assert found == calls, (function, found)
    reverted = traces[3]["result"]
    assert reverted["revertReason"] == "reverted after forwarding"
    inner = traces[2]["result"]["calls"][0]
    assert inner["calls"][0]["to"] == RECEIVER and inner["calls"][0]["value"] == "0x64"
    delegated = traces[5]["result"]["calls"][0]
    assert delegated["from"] == forwarder and delegated["value"] == "0x64"
    # What was forwarded, the two shares' own part, and all that the contract had.
    gained = number(node.eth_getBalance(RECEIVER)) - before
    destroyed = number(traces[6]["result"]["calls"][0]["value"])
    assert gained == 100 + 7 + destroyed
    assert node.check_proof(RECEIVER, [], block) == before + gained


def check_creation(node):
    """Init code that sends ether to itself with CALLCODE, and one that runs out of gas."""
    first = node.eth_accounts()[0]
    code = "0x" + "6000" * 4 + "600173" + RECEIVER[2:] + "5af200"
    node.eth_sendTransaction({"from": first, "data": code, "value": "0x1"})
    node.eth_sendTransaction({"from": first, "data": "0x5b600056", "gas": hex(80_000)})
    node.test_mine()
    block, receipts = node.check_block("latest")
    assert [each["status"] for each in receipts] == ["0x1", "0x0"]
    created, failed = (
        each["result"] for each in
        node.debug_traceBlockByNumber(block["number"], {"tracer": "callTracer"}))
    assert created["type"] == "CREATE" and created["to"] == receipts[0]["contractAddress"]
    assert created["input"] == code
    [call] = created["calls"]
    assert (call["type"], call["from"], call["to"], call["value"]) == (
        "CALLCODE", created["to"], RECEIVER, "0x1")
    assert node.check_proof(created["to"], [], block) == 1
    assert failed["error"] == "out of gas" and "to" not in failed
    assert failed["gasUsed"] == hex(80_000)


def check_successor(node):
    """A deprecated USDT hands transfers on; its successor logs them."""
    old = node.test_contracts()["USDT"]["address"]
    successor = node.test_deploy("USDT2", "TetherToken", [0, old])["address"]
    node.test_transact("USDT2", "give", [node.eth_accounts()[0], 1000])
    node.test_transact("USDT", "deprecate", [successor])
    moved = node.test_transact("USDT", "transfer", [RECEIVER, 1000])
    node.test_mine()
    node.check_block("latest")
    [log] = node.eth_getTransactionReceipt(moved)["logs"]
    assert log["address"] == successor and log["topics"][0] == TRANSFER
    assert node.eth_getTransactionReceipt(moved)["to"] == old


def check_tokens(node):
    """USDC's and USDT's transfers, those that fail, and the look-alike's."""
    usdt = node.test_contracts()["USDT"]["address"]
    owner = node.eth_accounts()[0]
    node.test_transact("USDC", "transfer", [RECEIVER, 250])
    node.test_transact("USDT", "setParams", [10, 49])
    node.test_transact("USDT", "issue", [5])
    node.test_transact("USDT", "transfer", [node.eth_accounts()[1], 10**9])
    node.test_transact(
        "USDT", "transfer", [RECEIVER, 10**6], {"from": node.eth_accounts()[1]})
    node.test_transact("FAKE", "transfer", [RECEIVER, 250])
    node.test_transact("FAKE", "logFourTopics", [RECEIVER, 1])
    node.test_transact("FAKE", "logOneTopic", [RECEIVER, 1])
    node.test_transact("USDC", "blacklist", [RECEIVER])
    node.test_transact("USDC", "transfer", [RECEIVER, 250])
    node.test_transact("USDT", "addBlackList", [RECEIVER])
    node.test_transact("USDT", "destroyBlackFunds", [RECEIVER])
    node.test_mine()
    block, receipts = node.check_block("latest")
    by_hash = {each["transactionHash"]: each for each in receipts}
    statuses = sorted(each["status"] for each in receipts)
    assert statuses == ["0x0"] + ["0x1"] * (len(receipts) - 1)
    fees = node.eth_getLogs({
        "blockHash": block["hash"], "address": usdt,
        "topics": [TRANSFER, "0x" + "00" * 12 + node.eth_accounts()[1][2:]]})
    assert [int(each["data"], 16) for each in fees] == [1000, 999000]
    assert fees[0]["topics"][2][-40:] == owner[2:]
    received = node.eth_getLogs({
        "fromBlock": block["number"], "toBlock": "latest",
        "topics": [[TRANSFER], None, "0x" + "00" * 12 + RECEIVER[2:]]})
    assert [len(each["topics"]) for each in received] == [3, 3, 3, 4]
    balance = node.eth_call(
        {"to": usdt, "data": node.test_calldata("USDT", "balanceOf", [RECEIVER])})
    assert int(balance, 16) == 0
    contract = node.test_contracts()["USDC"]["address"]
    node.check_proof(contract, ["0x" + "%064x" % slot for slot in (0, 1, 5)], block)
    assert by_hash.keys() == {each["hash"] for each in block["transactions"]}


def check_reorganisation(node):
    first = node.test_fund(RECEIVER, "0x1")
    second = node.test_transact("USDC", "mint", [node.eth_accounts()[2], 5])
    [old] = node.test_mine()
    node.test_mine()
    assert node.eth_getTransactionReceipt(first)["blockHash"] == old
    head = number(node.eth_blockNumber())
    node.test_finalize(hex(head - 2), hex(head - 1))
    left = node.test_reorg(2, {"drop": [first]})
    assert left[0] == old and number(node.eth_blockNumber()) == head + 1
    assert node.eth_getTransactionReceipt(first) is None
    assert node.eth_getTransactionByHash(first) is None
    receipt = node.eth_getTransactionReceipt(second)
    assert receipt["blockNumber"] == hex(head - 1) and receipt["blockHash"] != old
    assert node.eth_getBlockByNumber(hex(head - 1))["hash"] == receipt["blockHash"]
    for name in (receipt["blockHash"], old, "latest", "safe", "finalized"):
        node.check_block(name)
    error, _ = node.error("eth_getBalance", RECEIVER, {"blockHash": old, "requireCanonical": True})
    assert error["code"] == -32000
    parent = "earliest"
    for height in range(number(node.eth_blockNumber()) + 1):
        block, _ = node.check_block(hex(height))
        assert height == 0 or block["parentHash"] == parent
        parent = block["hash"]


def check_answers(node):
    """Null, empty and errors, as geth tells them apart."""
    unknown = "0x" + "11" * 32
    assert node.eth_getBlockReceipts(unknown) is None
    assert node.eth_getBlockReceipts("0xfffff") is None
    assert node.eth_getBlockReceipts("0x0") == []
    assert node.eth_getBlockByHash(unknown, True) is None
    assert node.eth_getTransactionReceipt(unknown) is None
    assert node.eth_call({"to": RECEIVER, "data": "0x70a08231"}) == "0x"
    pending = node.eth_getBlockByNumber("pending")
    assert pending["hash"] is None and pending["number"] == hex(number(node.eth_blockNumber()) + 1)
    for code, message, method, *parameters in [
        (-32602, "block range extends beyond current head block",
         "eth_getLogs", {"fromBlock": "0xfffff", "toBlock": "0xfffff"}),
        (-32602, "invalid block range params",
         "eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"}),
        (-32000, "unknown block", "eth_getLogs", {"blockHash": unknown}),
        (-32601, "the method eth_none does not exist/is not available", "eth_none"),
        (-32602, "missing value for required argument 0", "eth_getBalance"),
        (-32602, "invalid argument 0: hex number with leading zero digits",
         "eth_getBlockByNumber", "0x01", False),
        (-32000, "typed transaction too short", "eth_sendRawTransaction", "0x02"),
        (-32000, "header not found", "eth_getBalance", RECEIVER, "0xfffff"),
    ]:
        error, _ = node.error(method, *parameters)
        assert error == {"code": code, "message": message}, error
    usdc = node.test_contracts()["USDC"]["address"]
    call = {"to": usdc, "data": node.test_calldata("USDC", "transfer", [RECEIVER, 5])}
    error, _ = node.error("eth_call", call)
    assert error["code"] == 3 and error["data"].startswith("0x08c379a0")
    assert node.eth_estimateGas({"to": RECEIVER, "value": "0x0"}) == "0x5208"
    history = node.eth_feeHistory("0x3", "latest", [10, 50])
    assert len(history["baseFeePerGas"]) == 4 and len(history["reward"]) == 3
    node.test_limits({"range": 2, "logs": 1})
    assert node.error("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})[0]
    assert node.error("eth_getLogs", {"fromBlock": "0x1", "toBlock": "0x2"})[0]["code"] == -32005
    node.test_limits({})
    batch = node.post([
        {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": "b", "method": "eth_none"}, 5])
    assert [each["id"] for each in batch] == [1, "b", None]
    assert batch[0]["result"] == hex(31337) and batch[2]["error"]["code"] == -32600


def main():
    node = Client()
    assert node.error("eth_getBlockByNumber", "finalized", False)[0]["code"] == -32000
    for check in (
            check_types, check_traces, check_creation, check_tokens, check_successor,
            check_reorganisation, check_answers):
        check(node)
        print(f"{check.__name__}: passed", flush=True)
    node.process.stdin.close()
    assert node.process.wait(60) == 0
    print("everything passed")


if __name__ == "__main__":
    main()
