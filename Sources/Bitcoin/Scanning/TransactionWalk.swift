internal import Bytes
internal import ChainTypes

/// Goes over transactions' bytes, with the checks that `Transaction` makes when it decodes them:
/// the two accept and refuse the same bytes, with the same errors. An outpoint that stands twice is
/// left to `TransactionShape.match`.
///
/// Notes where outputs' scripts and, if asked to, inputs' outpoints stand, and allocates for
/// nothing else. Every offset and length comes from the reader, which has checked it against the
/// bytes; they are below 2^32, as the caller has checked.
package struct TransactionWalk {
  /// Of all outputs of the transactions so far.
  package private(set) var scripts: [Range<UInt32>] = []
  /// Of all inputs but coinbases'.
  private(set) var outpoints: [UInt32] = []
  private let notesOutpoints: Bool

  package init(notingOutpoints: Bool = false) { notesOutpoints = notingOutpoints }

  /// Makes room for what a block of so many bytes usually has, a script for some 200 of them.
  mutating func reserve(forBytes count: Int) { scripts.reserveCapacity(count / 200) }

  /// Walks the next transaction.
  package mutating func walk(
    _ reader: inout WireReader
  ) throws(BitcoinDecodingError) -> TransactionShape {
    var shape = TransactionShape(start: reader.offset)
    try reader.skip(4)
    try walkMarker(&reader, &shape)
    shape.bodyStart = reader.offset
    let firstOutpoint = outpoints.count
    let inputCount = try walkInputs(&reader, &shape)
    shape.outpoints = firstOutpoint..<outpoints.count
    let firstScript = scripts.count
    try walkOutputs(&reader)
    shape.outputs = firstScript..<scripts.count
    shape.bodyEnd = reader.offset
    if shape.hasWitness { try walkWitnesses(&reader, inputCount: inputCount) }
    try reader.skip(4)
    shape.end = reader.offset
    // Four times the stripped size plus the rest, as the weight has it.
    guard shape.weight <= TransactionLimits.maximumWeight else {
      throw .transactionTooLarge(byteCount: shape.end &- shape.start, offset: shape.start)
    }
    return shape
  }

  /// Whether the transaction spends an outpoint that is watched, of those that were noted.
  func isWatched<Watching: OutputWatching>(
    spentBy shape: TransactionShape, in bytes: RawSpan, by watching: borrowing Watching
  ) -> Bool {
    for place in shape.outpoints {
      let start = Int(outpoints[place])
      let outpoint = Outpoint(wire: bytes.extracting(start..<start + Outpoint.byteCount))
      if watching.watches(spending: outpoint) { return true }
    }
    return false
  }

  private func walkMarker(
    _ reader: inout WireReader, _ shape: inout TransactionShape
  ) throws(BitcoinDecodingError) {
    var ahead = reader
    guard try ahead.readUInt8() == 0x00 else { return }
    let offset = ahead.offset
    let flag = try ahead.readUInt8()
    guard flag == 0x01 else { throw .unknownFlag(flag, offset: offset) }
    shape.hasWitness = true
    reader = ahead
  }

  private mutating func walkInputs(
    _ reader: inout WireReader, _ shape: inout TransactionShape
  ) throws(BitcoinDecodingError) -> Int {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    guard count > 0 else { throw .noInputs(offset: countOffset) }
    for _ in 0..<count {
      let offset = reader.offset
      if reader.skipUsualInput() {
        if notesOutpoints { outpoints.append(UInt32(truncatingIfNeeded: offset)) }
        continue
      }
      let outpoint = try reader.readBytes(Outpoint.byteCount)
      let scriptOffset = reader.offset
      let scriptLength = try reader.readCount(ofItemsOfAtLeast: 1)
      try reader.skip(scriptLength)
      if Outpoint.isNull(wire: outpoint) {
        guard count == 1 else { throw .nullOutpoint(offset: offset) }
        guard TransactionLimits.coinbaseScriptLengths.contains(scriptLength) else {
          throw .coinbaseScriptLength(scriptLength, offset: scriptOffset)
        }
        shape.isCoinbase = true
      } else if notesOutpoints {
        outpoints.append(UInt32(truncatingIfNeeded: offset))
      }
      try reader.skip(4)
    }
    return count
  }

  private mutating func walkOutputs(_ reader: inout WireReader) throws(BitcoinDecodingError) {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumOutputSize)
    guard count > 0 else { throw .noOutputs(offset: countOffset) }
    let maximumValue = TransactionLimits.maximumValue
    var sum: UInt64 = 0
    for _ in 0..<count {
      let offset = reader.offset
      var (value, length): (UInt64, Int)
      if let output = reader.readUsualOutput() {
        (value, length) = output
      } else {
        value = try reader.readUInt64()
        length = -1
      }
      guard value <= maximumValue else { throw .valueTooLarge(value, offset: offset) }
      // Both are at most 2.1 × 10^15, so the sum can't overflow.
      sum &+= value
      guard sum <= maximumValue else { throw .valueSumTooLarge(sum, offset: offset) }
      if length < 0 {
        length = try reader.readCount(ofItemsOfAtLeast: 1)
        try reader.skip(length)
      }
      let end = UInt32(truncatingIfNeeded: reader.offset)
      let start = end &- UInt32(truncatingIfNeeded: length)
      scripts.append(Range(uncheckedBounds: (start, end)))
    }
  }

  private func walkWitnesses(
    _ reader: inout WireReader, inputCount: Int
  ) throws(BitcoinDecodingError) {
    let offset = reader.offset
    var isEmpty = true
    for _ in 0..<inputCount {
      let count = try reader.readCount(ofItemsOfAtLeast: 1)
      if count > 0 { isEmpty = false }
      try reader.skipSizedBytes(times: count)
    }
    guard !isEmpty else { throw .superfluousWitness(offset: offset) }
  }
}
