import Bytes
import ChainTypes
import Payments
import Testing

/// Payments that are due at `deadline`, and transfers to them.
enum PaymentFixtures {
  static let created = Timestamp(seconds: 1_800_000_000)
  static let deadline = created.adding(seconds: 900)
  static let chain = ChainName("bitcoin-regtest")

  static func terms(
    amount: UInt256 = 100_000, tolerance: UInt256 = 0, confirmations: UInt32 = 2,
    late: PaymentTerms.LatePolicy = .hold, metadata: String? = nil
  ) throws -> PaymentTerms {
    try PaymentTerms(
      id: "pay_01hzzzzzzzzzzzzzzzzzzzzzzz", tenant: "roastery", orderID: "order-1",
      chain: #require(chain), asset: .btc, amount: amount, tolerance: tolerance,
      createdAt: created, expiresAt: deadline, confirmations: confirmations, finality: 6,
      latePolicy: late, ordinal: 1, address: "bcrt1qexample", region: "eu", metadata: metadata)
  }

  static func transfer(
    _ number: UInt64, _ value: UInt256, _ state: PaymentTransfer.State, vout: UInt32 = 0,
    seenAfter seconds: Int64 = 10, blockAfter blockSeconds: Int64? = nil
  ) throws -> PaymentTransfer {
    let isInBlock: Bool =
      switch state {
      case .included, .confirmed, .final, .orphaned: true
      default: false
      }
    return try PaymentTransfer(
      id: TransferID(
        chain: #require(chain), txid: hash(number), position: .vout(vout)), value: value,
      state: state, block: isInBlock ? BlockRef(height: 100, hash: hash(1 << 32 + number)) : nil,
      firstSeen: created.adding(seconds: seconds),
      blockTime: blockSeconds.map(created.adding(seconds:)))
  }

  static func hash(_ number: UInt64) throws -> Hash32 {
    let digits = String(number, radix: 16)
    return try Hash32(hex: String(repeating: "0", count: 64 - digits.count) + digits)
  }
}

extension Payment {
  /// Applies an observation of `transfers`; what that tells.
  mutating func observe(_ transfers: PaymentTransfer...) throws -> [PaymentEvent.Kind] {
    try apply(.observed(transfers)).map(\.kind)
  }

  mutating func passDeadline() throws -> [PaymentEvent.Kind] {
    try apply(.deadlinePassed(lookedThrough: terms.expiresAt.adding(seconds: 1))).map(\.kind)
  }
}
