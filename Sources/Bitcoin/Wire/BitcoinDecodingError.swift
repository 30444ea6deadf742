/// Why bytes aren't a header, transaction or block in Bitcoin's wire format.
///
/// `offset` counts from the first byte that the decoder was given (of the block, where a
/// transaction stands in one) and names where the refused field begins.
package enum BitcoinDecodingError: Error, Hashable, Sendable {
  /// Fewer bytes remain than a field needs.
  case endOfBytes(offset: Int, needed: Int, remaining: Int)
  /// A CompactSize that has a shorter form.
  case nonMinimalCompactSize(UInt64, offset: Int)
  /// A count or length that the bytes which remain can't hold.
  case countTooLarge(UInt64, offset: Int)
  /// After the segwit marker (00) stands another flag than 01 (BIP-0144). A transaction without
  /// inputs looks the same.
  case unknownFlag(UInt8, offset: Int)
  /// A segwit transaction none of whose inputs has a witness: it has to stand in the old form.
  case superfluousWitness(offset: Int)
  case noInputs(offset: Int)
  case noOutputs(offset: Int)
  /// An output of more than 21 million BTC, in satoshi.
  case valueTooLarge(UInt64, offset: Int)
  /// Outputs that exceed 21 million BTC together, in satoshi; the offset is that of the output
  /// which crosses the limit.
  case valueSumTooLarge(UInt64, offset: Int)
  /// The outpoint that marks a coinbase, in a transaction with further inputs.
  case nullOutpoint(offset: Int)
  /// An outpoint that another input of the transaction spends already (CVE-2018-17144).
  case duplicateOutpoint(offset: Int)
  /// A coinbase's scriptSig holds 2 to 100 bytes.
  case coinbaseScriptLength(Int, offset: Int)
  /// A transaction that can't stand in any block, whatever its witness.
  case transactionTooLarge(byteCount: Int, offset: Int)
  /// Bytes after the end of what was to be decoded.
  case trailingBytes(count: Int, offset: Int)
}
