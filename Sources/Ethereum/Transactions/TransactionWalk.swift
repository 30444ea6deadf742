internal import Addresses
internal import Bytes

/// Looks at single fields of an encoded transaction without decoding the rest.
enum TransactionWalk {
  /// The recipient; nil where the transaction creates a contract.
  static func recipient(of bytes: RawSpan) throws(EthereumError) -> EthereumAddress? {
    do {
      guard !bytes.isEmpty else { throw RLPError.endOfBytes(offset: 0) }
      let first = bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
      let isTyped = first < 0xc0
      let before: Int
      switch isTyped ? TransactionType(rawValue: first) : .legacy {
      case .legacy: before = 3
      case .accessList: before = 4
      case .dynamicFee, .blob, .setCode: before = 5
      case .deposit: before = 2
      case nil: throw EthereumError.unverifiable(.transactionType(UInt64(first)))
      }
      var reader = try RLPReader(list: bytes.extracting((isTyped ? 1 : 0)..<bytes.byteCount))
      for _ in 0..<before { _ = try reader.readItem() }
      return try reader.readOptionalAddress()
    } catch let error as RLPError {
      throw .rlp(error)
    } catch let error as EthereumError {
      throw error
    } catch {
      throw .invalid(.recipient)
    }
  }
}
