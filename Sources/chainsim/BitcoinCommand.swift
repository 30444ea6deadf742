internal import ArgumentParser
internal import ChainSim
internal import ChainTypes
internal import Foundation
internal import NodeRPC

/// A Bitcoin-like regtest node on 127.0.0.1.
struct BitcoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bitcoin",
    abstract: "Serve a simulated regtest node over Bitcoin Core's JSON-RPC.",
    discussion: """
      Besides Bitcoin Core's methods it has sim.pay, sim.replace, sim.evict, sim.mine, sim.fork \
      and sim.fault. It checks no signatures, and forgets everything when it ends.
      """)

  @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
  var port: UInt16 = 18_443
  @Option(help: "The user that callers name.")
  var rpcUser: String?
  @Option(help: "That user's password.")
  var rpcPassword: String?
  @Option(help: "Write a random credential to this file instead, as Bitcoin Core does.")
  var rpcCookieFile: String?
  @Option(help: "Seconds between blocks; 0 mines on demand only.")
  var blockInterval: UInt32 = 0
  @Option(help: "The same seed makes the same random choices.")
  var seed: UInt64 = 1
  @Option(help: "Blocks to mine at the start; the first one's coins can be spent after 101.")
  var blocks = 101

  func validate() throws {
    guard (rpcUser == nil) == (rpcPassword == nil) else {
      throw ValidationError("--rpc-user and --rpc-password go together.")
    }
    guard rpcUser == nil || rpcCookieFile == nil else {
      throw ValidationError("A user with a password and a cookie file exclude each other.")
    }
    guard (0...100_000).contains(blocks) else {
      throw ValidationError("--blocks takes 0 to 100000.")
    }
  }

  func run() async throws {
    let node = SimulatedBitcoinNode(
      name: "chainsim", seed: seed, clock: SystemRPCClock(), hasTransactionIndex: true
    ) { UInt32(clamping: Int64(Date().timeIntervalSince1970)) }
    try node.mine(blocks)
    let server = try await ChainSimServer.start(
      node, port: port, authentication: authentication)
    print("bitcoin regtest node at \(server.url), tip \(node.tip)")
    // Whoever started it through a pipe waits for that line.
    fflush(nil)
    try await withThrowingTaskGroup { group in
      group.addTask { try await server.wait() }
      if blockInterval > 0 {
        group.addTask {
          while true {
            try await Task.sleep(for: .seconds(blockInterval))
            try node.mine()
          }
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private var authentication: ServerAuthentication {
    if let user = rpcUser, let password = rpcPassword {
      return .password(user: user, password: password)
    }
    return rpcCookieFile.map { .cookie(file: $0) } ?? .none
  }
}
