import Addresses
import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Digests
import Foundation
import HTTPClient
import JSON
import NodeRPC

/// A Bitcoin Core node of our own in regtest, on a free port of the loopback interface and in a
/// directory that goes with it.
final class BitcoinCore {
  /// Where `bitcoind` stands on the PATH.
  static let path: String? = ProcessInfo.processInfo.environment["PATH"]?
    .split(separator: ":").map { "\($0)/bitcoind" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  struct NotStarted: Error {
    let reason: String
  }

  let node: BitcoinNode
  private let rpc: JSONRPCClient
  private let http: HTTPClient
  private let process = Process()
  private let directory: URL

  /// The address of outputs that anyone may spend by showing their witness script.
  static let anyone = BitcoinAddress(
    .p2wsh(SHA256.hash(Faucet.witnessScript)), network: .regtest
  ).text

  init() async throws {
    guard let path = Self.path else { throw NotStarted(reason: "bitcoind isn't on the PATH") }
    directory = FileManager.default.temporaryDirectory
      .appending(path: "paywatch-core-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let port = try Self.freePort()
    process.executableURL = URL(filePath: path)
    process.arguments = [
      "-regtest", "-datadir=\(directory.path)", "-server", "-listen=0", "-dnsseed=0",
      "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1", "-rpcport=\(port)", "-printtoconsole=0",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    http = try HTTPClient()
    let transport = HTTPTransport(
      client: http, url: "http://127.0.0.1:\(port)",
      authentication: .cookie(file: directory.appending(path: "regtest/.cookie").path))
    let clock = SystemRPCClock()
    rpc = JSONRPCClient(transport: transport, clock: clock, jitterSeed: 1)
    node = BitcoinNode(name: "core", transport: transport, clock: clock, jitterSeed: 2)
    try process.run()
    // Its own client: what fails before the node is there must not open the others' breakers.
    for attempt in 0... {
      let probe = BitcoinNode(
        name: "probe", transport: transport, clock: clock, policy: .once, jitterSeed: 3)
      if (try? await probe.chainInfo()) != nil { break }
      guard attempt < 600, process.isRunning else {
        throw NotStarted(reason: "bitcoind doesn't answer")
      }
      try await clock.sleep(milliseconds: 50)
    }
  }

  /// Stops the node, waits until it has gone, and removes its directory.
  func stop() async throws {
    _ = try? await rpc.call(RPCCall("stop"), timeoutMilliseconds: 10_000)
    process.waitUntilExit()
    http.shutdown()
    try FileManager.default.removeItem(at: directory)
  }

  func call(_ method: String, _ parameters: [JSONValue] = []) async throws {
    _ = try await rpc.call(RPCCall(method, parameters), timeoutMilliseconds: 60_000)
  }

  func generate(_ count: Int) async throws {
    try await call("generatetoaddress", [.integer(count), .string(Self.anyone)])
  }

  /// Blocks that leave the mempool where it is.
  func generateEmpty(_ count: Int) async throws {
    for _ in 0..<count { try await call("generateblock", [.string(Self.anyone), .array([])]) }
  }

  func block(at height: UInt32) async throws -> Block {
    let bytes = try await node.block(try await node.blockHash(at: height))
    return try Block(bytes: bytes)
  }

  /// A transaction that spends the coinbase at `height` and pays `outputs`; what is left but
  /// `fee` goes back to anyone.
  func spend(
    coinbaseAt height: UInt32, paying outputs: [TransactionOutput], fee: UInt64
  ) async throws -> Transaction {
    let coinbase = try await block(at: height).transactions[0]
    let rest = coinbase.outputs[0].value - outputs.reduce(0) { $0 + $1.value } - fee
    return Transaction(
      inputs: [
        TransactionInput(
          outpoint: Outpoint(txid: coinbase.txid, vout: 0), sequence: 0xffff_fffd,
          witness: [Faucet.witnessScript])
      ],
      outputs: outputs + [TransactionOutput(value: rest, scriptPubKey: Faucet.scriptPubKey)])
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw NotStarted(reason: "no socket") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> UInt16? in
        guard bind(descriptor, pointer, length) == 0,
          getsockname(descriptor, pointer, &length) == 0
        else { return nil }
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          UInt16(bigEndian: $0.pointee.sin_port)
        }
      }
    }
    guard let port else { throw NotStarted(reason: "no free port") }
    return port
  }
}
