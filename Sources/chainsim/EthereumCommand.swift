internal import ArgumentParser
internal import ChainSim
internal import ChainTypes
internal import Foundation
internal import NodeRPC

/// An EVM-like node on 127.0.0.1.
struct EthereumCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ethereum",
    abstract: "Serve a simulated EVM node over geth's JSON-RPC.",
    discussion: """
      Besides geth's methods it has sim.pay, sim.transfer, sim.call, sim.replace, sim.drop, \
      sim.mine, sim.reorg, sim.finalize, sim.contracts and sim.fault. Its tokens and contracts are \
      built in; it runs no other code, and forgets everything when it ends.
      """)

  @Option(help: "The port on 127.0.0.1; 0 takes a free one.")
  var port: UInt16 = 8_545
  @Option(help: "The chain's id.")
  var chainID: UInt64 = 1_337
  @Option(help: "Seconds between blocks; 0 mines on demand only.")
  var blockInterval: UInt32 = 0
  @Option(help: "The same seed makes the same random choices.")
  var seed: UInt64 = 1
  @Option(help: "Blocks to mine at the start.")
  var blocks = 1
  @Option(help: "Other people's payments in each block.")
  var transactions = 0
  @Option(help: "How many blocks below the head the safe block is.")
  var safeDepth: UInt64 = 4
  @Option(help: "How many blocks below the head the finalized block is.")
  var finalizedDepth: UInt64 = 8

  func validate() throws {
    guard (0...100_000).contains(blocks) else {
      throw ValidationError("--blocks takes 0 to 100000.")
    }
    guard (0...400).contains(transactions) else {
      throw ValidationError("--transactions takes 0 to 400.")
    }
    guard chainID > 0, chainID <= 1 << 53 else {
      throw ValidationError("--chain-id takes 1 to 2^53.")
    }
  }

  func run() async throws {
    let options = EthereumChainOptions(
      chainID: chainID, safeDepth: safeDepth, finalizedDepth: finalizedDepth)
    let node = SimulatedEthereumNode(
      name: "chainsim", options: options, seed: seed, clock: SystemRPCClock()
    ) { UInt64(max(0, Date().timeIntervalSince1970)) }
    try node.mineTraffic(blocks: blocks, transactions: transactions, seed: seed)
    let server = try await ChainSimServer.start(node, port: port)
    print("ethereum node of chain \(chainID) at \(server.url), tip \(node.tip)")
    // Whoever started it through a pipe waits for that line.
    fflush(nil)
    try await withThrowingTaskGroup { group in
      group.addTask { try await server.wait() }
      if blockInterval > 0 {
        group.addTask {
          var round = seed
          while true {
            try await Task.sleep(for: .seconds(blockInterval))
            round &+= 1
            try node.mineTraffic(blocks: 1, transactions: transactions, seed: round)
          }
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }
}
