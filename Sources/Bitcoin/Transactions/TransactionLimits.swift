/// Bounds that consensus sets for every transaction, and the sizes that bound its counts.
package enum TransactionLimits {
  /// 21 million BTC in satoshi: more than can ever exist.
  package static let maximumValue: UInt64 = 21_000_000 * 100_000_000
  /// No block, and so no transaction, weighs more (BIP-0141).
  package static let maximumWeight = 4_000_000
  /// Outpoint (36), empty script (1), sequence (4).
  package static let minimumInputSize = 41
  /// Value (8), empty script (1).
  package static let minimumOutputSize = 9
  /// Version (4), one input with its count (42), one output with its count (10), lock time (4).
  package static let minimumTransactionSize = 60
  /// How many bytes a coinbase's scriptSig may hold.
  package static let coinbaseScriptLengths = 2...100
}
