internal import ChainTypes

/// Bounds that consensus sets for every transaction, and the sizes that bound its counts.
package enum TransactionLimits {
  /// Satoshi, of an output and of all outputs together.
  package static var maximumValue: UInt64 { Asset.maximumSatoshi }
  /// No block, and so no transaction, weighs more (BIP-0141); so none has more bytes either.
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
