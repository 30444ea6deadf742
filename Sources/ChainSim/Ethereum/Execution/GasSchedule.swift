internal import Ethereum

/// What things cost. The prices are Prague's, but for storage, which costs the same however often a
/// transaction touches it, and for new accounts, which cost what the fork says.
enum GasSchedule {
  static let transaction: UInt64 = 21_000
  static let creation: UInt64 = 32_000
  static let call: UInt64 = 2_600
  static let callWithValue: UInt64 = 9_000
  static let selfDestruct: UInt64 = 5_000
  static let read: UInt64 = 2_100
  static let write: UInt64 = 5_000
  static let writeNew: UInt64 = 22_100
  static let codeByte: UInt64 = 200

  /// What ether costs besides that comes to an account which isn't there: inside calls 25,000 gas,
  /// from Amsterdam on the state that it adds, wherever it comes from (EIP-8037, not final yet).
  static func newAccount(_ fork: EthereumChainOptions.Fork, inCall: Bool) -> UInt64 {
    switch fork {
    case .prague: inCall ? 25_000 : 0
    case .amsterdam: 183_600
    }
  }

  static func log(topics: Int, bytes: Int) -> UInt64 {
    375 * UInt64(topics + 1) + 8 * UInt64(bytes)
  }

  /// What a transaction costs before anything runs.
  static func intrinsic(_ transaction: EthereumTransaction) -> UInt64 {
    let zeros = UInt64(transaction.input.count { $0 == 0 })
    let others = UInt64(transaction.input.count) - zeros
    var gas = Self.transaction + 4 * zeros + 16 * others
    if transaction.recipient == nil {
      // Two gas a word of the code that creates (EIP-3860).
      gas += creation + 2 * ((UInt64(transaction.input.count) + 31) / 32)
    }
    switch transaction.form {
    case .accessList(_, _, let list), .dynamicFee(_, _, let list), .blob(_, _, let list, _),
      .setCode(_, _, let list, _):
      gas += list.reduce(0) { $0 + 2_400 + 1_900 * UInt64($1.storageKeys.count) }
    case .legacy, .deposit: break
    }
    return gas
  }

  /// The least that a transaction pays, whatever it does (EIP-7623).
  static func floor(_ transaction: EthereumTransaction) -> UInt64 {
    let zeros = UInt64(transaction.input.count { $0 == 0 })
    let others = UInt64(transaction.input.count) - zeros
    return Self.transaction + 10 * (zeros + 4 * others)
  }
}
