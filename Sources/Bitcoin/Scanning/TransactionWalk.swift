internal import Bytes
internal import ChainTypes

/// One pass over a transaction's bytes, with the checks that `Transaction` makes when it decodes
/// them: the two accept and refuse the same bytes, with the same errors. An outpoint that stands
/// twice is left to `TransactionShape.match`.
package enum TransactionWalk {
  /// Walks the next transaction, appending its watched outputs to `outputs`.
  ///
  /// Allocates nothing unless an output matches. Every offset and length comes from the reader,
  /// which has checked it against the bytes.
  package static func walk<Watching: OutputWatching>(
    _ reader: inout WireReader, watching: borrowing Watching, outputs: inout [MatchedOutput]
  ) throws(BitcoinDecodingError) -> TransactionShape {
    var shape = TransactionShape(start: reader.offset)
    try reader.skip(4)
    try walkMarker(&reader, &shape)
    shape.bodyStart = reader.offset
    let inputCount = try walkInputs(&reader, &shape, watching: watching)
    try walkOutputs(&reader, &shape, watching: watching, outputs: &outputs)
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

  package static func walkMarker(
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

  package static func walkInputs<Watching: OutputWatching>(
    _ reader: inout WireReader, _ shape: inout TransactionShape, watching: borrowing Watching
  ) throws(BitcoinDecodingError) -> Int {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    guard count > 0 else { throw .noInputs(offset: countOffset) }
    let watchesInputs = watching.watchesInputs
    for _ in 0..<count {
      let offset = reader.offset
      let outpoint = try reader.readBytes(Outpoint.byteCount)
      let scriptOffset = reader.offset
      let scriptLength = try reader.readCount(ofItemsOfAtLeast: 1)
      if Outpoint.isNull(wire: outpoint) {
        try reader.skip(scriptLength)
        guard count == 1 else { throw .nullOutpoint(offset: offset) }
        guard TransactionLimits.coinbaseScriptLengths.contains(scriptLength) else {
          throw .coinbaseScriptLength(scriptLength, offset: scriptOffset)
        }
        shape.isCoinbase = true
      } else {
        if watchesInputs, watching.watches(spending: Outpoint(wire: outpoint)) {
          shape.spendsWatched = true
        }
        try reader.skip(scriptLength)
      }
      try reader.skip(4)
    }
    return count
  }

  package static func walkOutputs<Watching: OutputWatching>(
    _ reader: inout WireReader, _ shape: inout TransactionShape, watching: borrowing Watching,
    outputs: inout [MatchedOutput]
  ) throws(BitcoinDecodingError) {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumOutputSize)
    guard count > 0 else { throw .noOutputs(offset: countOffset) }
    var sum: UInt64 = 0
    for vout in 0..<count {
      let offset = reader.offset
      let value = try reader.readUInt64()
      guard value <= TransactionLimits.maximumValue else {
        throw .valueTooLarge(value, offset: offset)
      }
      // Both are at most 2.1 × 10^15, so the sum can't overflow.
      sum &+= value
      guard sum <= TransactionLimits.maximumValue else {
        throw .valueSumTooLarge(sum, offset: offset)
      }
      let scriptPubKey = try reader.readSizedBytes()
      if watching.watches(scriptPubKey: scriptPubKey) {
        outputs.append(
          MatchedOutput(
            vout: UInt32(truncatingIfNeeded: vout), value: value,
            scriptPubKey: [UInt8](copying: scriptPubKey)))
      }
      if shape.isCoinbase, let hash = WitnessCommitment.committedHash(in: scriptPubKey) {
        shape.committedHash = hash
      }
    }
  }

  package static func walkWitnesses(
    _ reader: inout WireReader, inputCount: Int
  ) throws(BitcoinDecodingError) {
    let offset = reader.offset
    var isEmpty = true
    for _ in 0..<inputCount {
      let count = try reader.readCount(ofItemsOfAtLeast: 1)
      if count > 0 { isEmpty = false }
      for _ in 0..<count { try reader.skipSizedBytes() }
    }
    guard !isEmpty else { throw .superfluousWitness(offset: offset) }
  }
}
