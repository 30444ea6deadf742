import Addresses
import Bytes
import ChainTypes
import Database
import Ethereum
import Keys
import NodeRPC
import Payments
import Settlement
import Testing
import Watching

/// Who makes, signs and sends what the shop pays on an EVM chain: what holds the keys is no server.
struct EthereumTreasurer {
  let spec: ChainSpec
  let pool: EthereumPool
  let database: any Database

  /// Where the shop pays from.
  static func account() throws -> EthereumAddress {
    try EthereumPaymentTests.account().onBranch(1).address(at: 0)
  }

  static let random: EthereumPayouts.Randomness = {
    (.random(in: 0 ... .max), .random(in: 0 ... .max))
  }

  func payouts() throws -> EthereumPayouts {
    let gwei = UInt256(1_000_000_000)
    let bounds = try #require(
      FeeBounds(tipFloor: 1, tipCeiling: gwei, maxFeeCeiling: UInt256(500_000_000_000)))
    return try #require(
      EthereumPayouts(spec: spec, pool: pool, database: database, limits: .init(fees: bounds)))
  }

  static func signed(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    let words = "test test test test test test test test test test test junk"
    let master = try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
    let path = try DerivationPath(#require(transaction.keyPath))
    let unsigned = try EthereumTransaction(
      unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
    return try unsigned.signed(by: master.descendant(path).key).encoded
  }

  /// Signs and sends them; nodes take all.
  func send(_ made: [OutgoingTransaction], now: Timestamp) async throws {
    let spec = spec
    for transaction in made {
      let raw = try Self.signed(transaction)
      try await database.write {
        try OutgoingService.takeIn(raw, for: transaction.id, spec: spec, now: now, in: $0)
      }
    }
    let broadcaster = OutgoingBroadcaster(chain: spec.name, database: database, pool: pool)
    let report = try await broadcaster.step(now: now)
    #expect((report.sent, report.refused) == (made.count, 0))
  }
}
