internal import Bytes

/// Reads a receipt up to its logs and leaves these to be read one by one, without copies.
struct ReceiptWalk: ~Escapable {
  /// Nil for one that only some chain has.
  let type: TransactionType?
  let outcome: EthereumReceipt.Outcome
  let cumulativeGasUsed: UInt64
  let deposit: EthereumReceipt.DepositFields?
  private let bloomOffset: Int
  private let list: RawSpan
  /// Over the encoded logs.
  var logs: RLPReader

  var logsBloom: LogBloom { LogBloom(bytes: list, at: bloomOffset) }

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) throws {
    guard !bytes.isEmpty else { throw RLPError.endOfBytes(offset: 0) }
    let first = bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
    if first >= 0xc0 {
      type = .legacy
      list = bytes
    } else if (1..<0x80).contains(first) {
      type = TransactionType(rawValue: first)
      list = bytes.extracting(1..<bytes.byteCount)
    } else {
      throw EthereumError.unverifiable(.receiptType(UInt64(first)))
    }
    var reader = try RLPReader(list: list)
    outcome = try Self.readOutcome(&reader)
    cumulativeGasUsed = try reader.readUInt64()
    bloomOffset = try reader.readString(byteCount: LogBloom.byteCount).payload.lowerBound
    let logs = try reader.readList()
    self.logs = RLPReader(list, range: logs.payload)
    if type == .deposit, !reader.isAtEnd {
      deposit = EthereumReceipt.DepositFields(
        nonce: try reader.readUInt64(), version: try reader.readUInt64())
    } else {
      deposit = nil
    }
    try reader.expectEnd()
  }

  private static func readOutcome(_ reader: inout RLPReader) throws -> EthereumReceipt.Outcome {
    let item = try reader.readString()
    if item.payload.count == 32 {
      return .stateRoot(Hash32(bytes: reader.bytes, at: item.payload.lowerBound))
    }
    var status = RLPReader(reader.bytes, range: item.encoded)
    return try status.readFlag() ? .succeeded : .failed
  }
}
