import Addresses
import Bytes
import ChainTypes
import Digests
import Ethereum
import Foundation
import HTTPClient
import JSON
import LocalServers
import NodeRPC
import TestSupport
import Testing

/// The typed calls against a real EVM: what it answers is proved by `Ethereum`.
@Suite("An EVM node of this machine") struct RealEthereumTests {
  /// A started node, and a connection to it.
  private final class Running: Sendable {
    let server: EthereumTester
    let node: EthereumNode
    private let client: HTTPClient
    private let directory: TemporaryDirectory

    init() async throws {
      directory = try TemporaryDirectory()
      client = try HTTPClient()
      server = try await EthereumTester.start(
        directory: directory.path("node"), package: PackageFiles.root.path, chainID: 1_337)
      let transport = HTTPTransport(client: client, url: server.url, authentication: .none)
      node = EthereumNode(
        name: "tester", transport: transport, clock: SystemRPCClock(), jitterSeed: 1)
    }

    /// One of the node's controls.
    func control(_ method: String, _ parameters: JSONValue...) async throws -> JSONValue {
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(parameters),
      ]
      let response = try await client.send(
        HTTPRequest(
          method: .post, url: server.url,
          headers: [HTTPHeader("Content-Type", "application/json")], body: request.bytes,
          timeoutMilliseconds: 60_000, maxResponseBytes: 1 << 22))
      let answer = try JSONValue(parsing: response.body)
      return try #require(answer["result"], "\(answer.json)")
    }

    /// The block and its receipts, proved.
    func proof(of block: Hash32) async throws -> BlockProof {
      let bytes = try #require(try await node.block(block))
      var proof = try BlockProof(
        block: bytes.span.bytes, expecting: block, profile: .ethereum)
      let hashes = (0..<proof.transactionCount).map { proof.transactionHash(at: $0) }
      let receipts = try await node.receipts(
        of: block, transactions: hashes, gasUsed: proof.header.gasUsed)
      switch try #require(receipts) {
      case .whole(let bytes): try proof.prove(receipts: bytes.span.bytes)
      case .single(let answers): try proof.prove(singleReceipts: answers)
      }
      return proof
    }
  }

  private struct Watched: AddressWatching {
    let address: EthereumAddress
    func watches(_ address: EthereumAddress) -> Bool { address == self.address }
  }

  private let receiver = EthereumAddress(
    Hash20(bytes: [UInt8](repeating: 0xa1, count: 20).span.bytes, at: 0))

  @Test("a block with ether and a token proves itself, its state and its logs, and a reorg is seen")
  func story() async throws {
    let running = try await Running()
    let node = running.node
    #expect(try await node.chainID() == 1_337)
    #expect(try await node.isSyncing() == false)
    #expect(try await node.header(.finalized) == nil)
    #expect(try await node.header(at: 1_000) == nil)

    _ = try await running.control("test_fund", .address(receiver), "0x1388")
    let sent = try await running.control(
      "test_transact", "USDC", "transfer", [.address(receiver), 250])
    let pending = try await node.transactions([try #require(sent.hash32)])
    #expect(pending.map { $0?.block } == [.some(nil)])
    _ = try await running.control("test_mine", 1)

    let head = try #require(try await node.header(.latest))
    #expect(try await node.isActive(head.ref))
    let proof = try await running.proof(of: head.hash)
    let transfers = try proof.transfers(watching: Watched(address: receiver))
    #expect(transfers.map(\.value) == [5_000, 250].map { UInt256($0) })
    #expect(try await node.transactions([try #require(sent.hash32)])[0]?.block == head.ref)

    try await proveState(node, at: head.ref, proof)
    try await findLogs(running, at: head)
    #expect(try #require(try await node.traces(of: head.hash)).first == UInt8(ascii: "["))
    let fees = try await node.feeHistory(blocks: 2, percentiles: [50])
    #expect(fees.baseFees.count == 3 && fees.rewards.count == 2)

    _ = try await running.control("test_reorg", 1)
    #expect(try await node.isActive(head.ref) == false)
    let branch = try await node.headers(1..<10)
    #expect(branch.map(\.ref.height) == [1, 2, 3])
    #expect(branch[0].hash == head.parentHash && branch[1].hash != head.hash)
    let walked = try await node.headers(downFrom: branch[2].hash, count: 10)
    #expect(walked.reversed().dropFirst() == branch[...])
    // The block that was left is still itself.
    #expect(try await running.proof(of: head.hash).hash == head.hash)
    await running.server.stop()
  }

  private func proveState(
    _ node: EthereumNode, at block: BlockRef, _ proof: BlockProof
  ) async throws {
    let answer = try await node.proofs(of: [receiver], at: block)
    #expect(!answer.isByNumber)
    let value = try TrieProof.verify(
      root: proof.header.stateRoot, key: Keccak256.hash(receiver.hash.bytes).bytes,
      proof: answer.value[0].accountProof)
    let account = try AccountState(rlp: try #require(value))
    #expect(account.balance == UInt256(5_000))
    #expect(answer.value[0].balance == account.balance)
    #expect(try await node.balances(of: [receiver], at: block).value == [account.balance])
  }

  private func findLogs(_ running: Running, at head: EthereumNodeHeader) async throws {
    let contracts = try await running.control("test_contracts")
    let token = try #require(contracts["USDC"]?["address"]?.address)
    let filter = LogFilter(addresses: [token], topics: [[TokenTransfer.topic]])
    let watched = Watched(address: receiver)
    let logs = try #require(try await running.node.logs(filter, in: head.hash))
    let found = try ClaimedTransfer.all(in: logs.span.bytes, watching: watched).transfers
    #expect(found.map(\.transfer.value) == [UInt256(250)])
    #expect(found.map(\.blockHash) == [head.hash])

    _ = try await running.control("test_limits", ["range": 2])
    var search = LogSearch(0...head.ref.height)
    var ranges: [ClosedRange<UInt32>] = []
    while case .page(let page) = try await running.node.logs(filter, searching: &search) {
      ranges.append(page.range)
    }
    #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == head.ref.height)
    #expect(ranges.allSatisfy { $0.count <= 2 })
    _ = try await running.control("test_limits", [:])

    let balanceOf = try Hex.decode("70a08231" + String(repeating: "0", count: 24))
    let call = ContractCall(to: token, input: balanceOf + receiver.hash.bytes)
    let output = try await running.node.call([call], at: head.ref).value
    #expect(output == [UInt256(250).bigEndianBytes])
  }

  @Test("finalized and safe blocks are those that the node names")
  func tags() async throws {
    let running = try await Running()
    _ = try await running.control("test_mine", 3)
    _ = try await running.control("test_finalize", "0x2", "0x3")
    #expect(try await running.node.header(.finalized)?.ref.height == 2)
    #expect(try await running.node.header(.safe)?.ref.height == 3)
    let genesis = try #require(try await running.node.header(at: 0))
    let pool = try EthereumPool(
      nodes: [running.node], quorum: 1,
      identity: EthereumNode.Identity(chainID: 1_337, genesisHash: genesis.hash),
      clock: SystemRPCClock())
    let head = try #require(try await running.node.header(.latest))
    #expect(await pool.agreedTip() == .agreed(head.ref, by: [0]))
    guard case .agreed(let finalized, by: [0])? = await pool.agreed(on: .finalized) else {
      Issue.record("nothing is agreed as finalized")
      return
    }
    #expect(finalized.height == 2)
    await running.server.stop()
  }
}
