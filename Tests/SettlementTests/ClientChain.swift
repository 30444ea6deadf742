import Addresses
import Bytes
import Digests
import Foundation
import HTTPClient
import JSON
import LocalServers
import NodeRPC
import TestSupport
import Testing

/// The development chain of a client that other people run in earnest.
///
/// Such a client mines whatever can be executed at once. So what a test sends waits behind a nonce
/// that is left out, and comes into one block with the transaction that closes the gap.
actor ClientChain: StoryChain {
  nonisolated let rpc: StoryRPC
  nonisolated let urls: [String]
  nonisolated let chainID: UInt64
  nonisolated let contracts: [String: EthereumAddress]
  /// geth adds an empty block now and then.
  nonisolated let minesExactly = false
  private let client: EthereumClient
  private let directory: TemporaryDirectory
  private let account: JSONValue
  /// What was sent, by its nonce, with its hash.
  private var sent: [UInt64: (request: JSONValue, hash: JSONValue)] = [:]
  /// The nonce that is left out.
  private var gap: UInt64
  /// Those behind it.
  private var waiting: [UInt64] = []
  /// Makes transactions that would be each other's copies different.
  private var fillers: UInt64 = 0

  static func start(_ kind: EthereumClient.Kind) async throws -> ClientChain {
    let program = try #require(kind.program())
    let directory = try TemporaryDirectory()
    let client = try await EthereumClient.start(
      kind, program: program, directory: directory.path("node"))
    let rpc = StoryRPC(client: try HTTPClient(), url: client.url)
    do {
      return try await ClientChain(client, rpc, directory)
    } catch {
      await client.stop()
      throw error
    }
  }

  private init(
    _ client: EthereumClient, _ rpc: StoryRPC, _ directory: TemporaryDirectory
  ) async throws {
    self.client = client
    self.rpc = rpc
    self.directory = directory
    urls = [client.url, client.url]
    chainID = try #require(try await rpc.call("eth_chainId").quantity(UInt64.self))
    account = try #require(try await rpc.call("eth_accounts").elements?.first)
    // The first contracts, as vyper compiles them: one block each.
    let creations = try Self.creations(directory)
    var contracts: [String: EthereumAddress] = [:]
    for name in ["USDC", "USDT", "FAKE", "FORWARDER"] {
      let code = try #require(creations[name])
      let hash = try await rpc.call(
        "eth_sendTransaction", [["from": account, "data": code, "gas": "0x5b8d80"]])
      let receipt = try await Self.receipt(of: hash, rpc)
      #expect(receipt["status"] == "0x1")
      contracts[name] = try #require(receipt["contractAddress"]?.address)
    }
    self.contracts = contracts
    gap = try #require(
      try await rpc.call("eth_getTransactionCount", [account, "latest"]).quantity(UInt64.self))
  }

  private static func creations(_ directory: TemporaryDirectory) throws -> JSONValue {
    let root = PackageFiles.root.path
    let file = directory.path("creations.json")
    #expect(
      SmallDisk.run(
        "\(root)/.build/ethereum-node/bin/python", "-B",
        "\(root)/Tests/EthereumNode/creations.py", file))
    return try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: file))))
  }

  private static func receipt(of hash: JSONValue, _ rpc: StoryRPC) async throws -> JSONValue {
    var receipt = JSONValue.null
    try await waitUntil("\(hash.json) is mined") {
      // While geth indexes transactions, it answers with an error.
      receipt = try await rpc.answer("eth_getTransactionReceipt", [hash])["result"] ?? .null
      return receipt != .null
    }
    return receipt
  }

  // MARK: What a story asks for

  func fund(_ address: String, _ value: UInt64) async throws {
    _ = try await later(["to": .string(address), "value": .quantity(value), "gas": "0x5208"])
  }

  func transact(
    _ contract: String, _ function: String, _ arguments: [JSONValue], value: UInt64
  ) async throws -> JSONValue {
    let address = try #require(contracts[contract])
    let words = try arguments.map(Self.word)
    let types = words.map(\.type).joined(separator: ",")
    let selector = Keccak256.hash([UInt8]("\(function)(\(types))".utf8)).bytes[..<4]
    // As much as most need: an estimate would refuse what is meant to fail.
    return try await later([
      "to": .address(address), "value": .quantity(value), "gas": "0x493e0",
      "data": .string("0x" + Hex.encode(selector + words.flatMap(\.bytes))),
    ])
  }

  func mine(_ count: Int) async throws {
    for _ in 0..<count { try await closeGap() }
  }

  /// These clients call blocks final by their numbers: until the head is, further ones are mined.
  func finalize() async throws {
    let head = try await height()
    for _ in 0..<200 {
      let block = try await rpc.call("eth_getBlockByNumber", ["finalized", false])
      if let final = block["number"]?.quantity(UInt64.self), final >= head { return }
      try await closeGap()
    }
    Issue.record("the client calls nothing final")
  }

  func reorganise(_ depth: Int, blocks: Int, dropping drop: [JSONValue]) async throws {
    let target = try await height() - UInt64(depth)
    // All that was sent since then comes into one block, and what still waits with it.
    let end = gap + 1 + UInt64(waiting.count)
    sent[gap] = (filler(), .null)
    for nonce in sent.keys where drop.contains(sent[nonce]?.hash ?? .null) {
      sent[nonce] = (filler(), .null)
    }
    // geth may be about to add an empty block of the branch that is to be left.
    for attempt in 1... {
      try await rewind(to: target, depth: depth)
      do {
        try await repeatAll(below: end)
        break
      } catch  where attempt < 5 {
        continue
      }
    }
    gap = end
    try await settle()
    try await mine(blocks - 1)
  }

  private func rewind(to target: UInt64, depth: Int) async throws {
    switch client.kind {
    case .geth: _ = try await rpc.call("debug_setHead", [.quantity(target)])
    case .anvil: _ = try await rpc.call("anvil_rollback", [.integer(depth)])
    case .reth: throw CantTakeBack()
    }
    guard try await height() == target else { throw CantTakeBack() }
  }

  private struct CantTakeBack: Error {}

  /// Sends what has no block any more once more, last what can be executed.
  private func repeatAll(below end: UInt64) async throws {
    waiting = []
    let first = try #require(
      try await rpc.call("eth_getTransactionCount", [account, "latest"]).quantity(UInt64.self))
    for nonce in (first..<end).dropFirst() + [first] {
      guard let former = sent[nonce] else { continue }
      let hash = try await send(former.request, nonce: nonce)
      #expect(former.hash == .null || hash == former.hash)
      waiting.append(nonce)
    }
  }

  func stop() async {
    await client.stop()
    rpc.client.shutdown()
  }

  // MARK: Sending

  private func height() async throws -> UInt64 {
    try #require(try await rpc.call("eth_blockNumber").quantity(UInt64.self))
  }

  /// Behind the gap.
  private func later(_ request: JSONValue) async throws -> JSONValue {
    let nonce = gap + 1 + UInt64(waiting.count)
    waiting.append(nonce)
    return try await send(request, nonce: nonce)
  }

  /// Has the next block mined.
  private func closeGap() async throws {
    let next = gap + 1 + UInt64(waiting.count)
    waiting.append(gap)
    _ = try await send(filler(), nonce: gap)
    try await settle()
    gap = next
  }

  /// Waits until everything that was sent stands in a block.
  private func settle() async throws {
    for nonce in waiting {
      let hash = try #require(sent[nonce]?.hash)
      _ = try await Self.receipt(of: hash, rpc)
    }
    waiting = []
  }

  /// A transaction that moves a little to nobody.
  private func filler() -> JSONValue {
    fillers += 1
    return [
      "to": "0x00000000000000000000000000000000000000ff", "value": .quantity(fillers),
      "gas": "0x5208",
    ]
  }

  private func send(_ request: JSONValue, nonce: UInt64) async throws -> JSONValue {
    guard case .object(var members) = request else { return .null }
    members += [
      .init("from", account), .init("nonce", .quantity(nonce)),
      .init("maxFeePerGas", .quantity(100_000_000_000 as UInt64)),
      .init("maxPriorityFeePerGas", .quantity(1_000_000_000 as UInt64)),
    ]
    let answer = try await rpc.answer("eth_sendTransaction", [.object(members)])
    var hash = answer["result"]
    // It waits still: “already known”, “transaction already imported”.
    if hash == nil, answer["error"]?["message"]?.string?.contains("already") == true {
      hash = sent[nonce]?.hash
    }
    guard let hash else { throw Refused(answer: answer.json) }
    sent[nonce] = (request, hash)
    return hash
  }

  private struct Refused: Error {
    let answer: String
  }

  /// An argument's type and its 32 bytes.
  private static func word(_ argument: JSONValue) throws -> (type: String, bytes: [UInt8]) {
    if let address = argument.address {
      return ("address", [UInt8](repeating: 0, count: 12) + address.hash.bytes)
    }
    let value = try #require(argument.string.flatMap { try? UInt256(decimal: $0) })
    return ("uint256", value.bigEndianBytes)
  }
}
