package import Bytes

/// Why bytes are no partially signed transaction.
package enum PSBTError: Error, Hashable, Sendable {
  case tooLarge(byteCount: Int)
  case notBase64
  /// The first five bytes aren't `psbt` and ff.
  case wrongMagic
  case malformed(BitcoinDecodingError)
  /// All maps together, or one of them, have more than so many.
  case tooManyEntries(Int)
  /// A map has two values for one key.
  case duplicateKey(PSBTMap.Location, key: String)
  /// A key of a known type that is longer or shorter than its type's.
  case invalidKey(PSBTMap.Location, key: String)
  /// A value that isn't what its key's type holds.
  case invalidValue(PSBTMap.Location, key: String)
  case noTransaction
  case invalidTransaction(BitcoinDecodingError)
  /// The unsigned transaction's input holds a script already.
  case scriptInTransaction(input: Int)
  /// Only version 0 is read (BIP-0174).
  case unsupportedVersion(UInt32)
  /// The previous transaction isn't the one that the input spends.
  case wrongPreviousTransaction(input: Int, txid: Hash32)
  /// The previous transaction has no such output.
  case noPreviousOutput(input: Int, vout: UInt32)
}
