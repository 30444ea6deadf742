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
  package private(set) var shapes: [TransactionShape] = []
  /// Of all outputs of the transactions so far.
  package private(set) var scripts: [Range<UInt32>] = []
  /// Of all inputs but coinbases'.
  private(set) var outpoints: [UInt32] = []
  /// Of all transactions so far.
  private(set) var weight = 0
  /// Whether one of them has a witness.
  private(set) var hasWitness = false
  /// The first coinbase that isn't the first transaction.
  private(set) var laterCoinbase: Int?
  private let notesOutpoints: Bool
  private let maximumValue = TransactionLimits.maximumValue

  package init(notingOutpoints: Bool = false) { notesOutpoints = notingOutpoints }

  /// Makes room for so many transactions, which the bytes that remain can hold, and for what a
  /// block of so many bytes usually has, a script for some 200 of them.
  mutating func reserve(transactions: Int, bytes: Int) {
    shapes.reserveCapacity(transactions)
    scripts.reserveCapacity(bytes / 200)
  }

  /// Walks the next transaction.
  package mutating func walk(_ reader: inout WireReader) throws(BitcoinDecodingError) {
    // A copy, and the parts inlined: its offset stays in a register, and in copies where calls
    // advance it.
    var rest = reader
    let start = rest.offset
    try rest.skip(4)
    let hasWitness = try walkMarker(&rest)
    let bodyStart = rest.offset
    let firstOutpoint = outpoints.count
    let (inputCount, isCoinbase) = try walkInputs(&rest)
    let firstScript = scripts.count
    try walkOutputs(&rest)
    let bodyEnd = rest.offset
    if hasWitness { try walkWitnesses(&rest, inputCount: inputCount) }
    try rest.skip(4)
    // Four times the stripped size plus the rest.
    let weight = 3 &* (8 &+ bodyEnd &- bodyStart) &+ rest.offset &- start
    guard weight <= TransactionLimits.maximumWeight else {
      throw .transactionTooLarge(byteCount: rest.offset &- start, offset: start)
    }
    shapes.append(
      TransactionShape(
        start: start, bodyStart: bodyStart, bodyEnd: bodyEnd, end: rest.offset,
        hasWitness: hasWitness, isCoinbase: isCoinbase,
        outputs: Range(uncheckedBounds: (firstScript, scripts.count)),
        outpoints: Range(uncheckedBounds: (firstOutpoint, outpoints.count))))
    // The bytes are fewer than 2^32, so the sum is below 2^34.
    self.weight &+= weight
    if hasWitness { self.hasWitness = true }
    if isCoinbase, shapes.count > 1 { laterCoinbase = laterCoinbase ?? shapes.count &- 1 }
    reader = rest
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

  /// Whether a witness is to come.
  @inline(__always)
  private func walkMarker(_ reader: inout WireReader) throws(BitcoinDecodingError) -> Bool {
    var ahead = reader
    guard try ahead.readUInt8() == 0x00 else { return false }
    let offset = ahead.offset
    let flag = try ahead.readUInt8()
    guard flag == 0x01 else { throw .unknownFlag(flag, offset: offset) }
    reader = ahead
    return true
  }

  @inline(__always)
  private mutating func walkInputs(
    _ reader: inout WireReader
  ) throws(BitcoinDecodingError) -> (count: Int, isCoinbase: Bool) {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    guard count > 0 else { throw .noInputs(offset: countOffset) }
    var isCoinbase = false
    for _ in 0..<count {
      let offset = reader.offset
      if !reader.skipUsualInput() {
        var rest = reader
        isCoinbase = try Self.walkUnusualInput(&rest, isOnly: count == 1)
        reader = rest
      }
      if notesOutpoints, !isCoinbase { outpoints.append(UInt32(truncatingIfNeeded: offset)) }
    }
    return (count, isCoinbase)
  }

  /// Whether it is a coinbase's.
  @inline(never)
  private static func walkUnusualInput(
    _ reader: inout WireReader, isOnly: Bool
  ) throws(BitcoinDecodingError) -> Bool {
    let offset = reader.offset
    let isNull = Outpoint.isNull(wire: try reader.readBytes(Outpoint.byteCount))
    let scriptOffset = reader.offset
    let scriptLength = try reader.readCount(ofItemsOfAtLeast: 1)
    try reader.skip(scriptLength)
    if isNull {
      guard isOnly else { throw .nullOutpoint(offset: offset) }
      guard TransactionLimits.coinbaseScriptLengths.contains(scriptLength) else {
        throw .coinbaseScriptLength(scriptLength, offset: scriptOffset)
      }
    }
    try reader.skip(4)
    return isNull
  }

  @inline(__always)
  private mutating func walkOutputs(_ reader: inout WireReader) throws(BitcoinDecodingError) {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumOutputSize)
    guard count > 0 else { throw .noOutputs(offset: countOffset) }
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

  @inline(__always)
  private func walkWitnesses(
    _ reader: inout WireReader, inputCount: Int
  ) throws(BitcoinDecodingError) {
    let offset = reader.offset
    var isEmpty = true
    for _ in 0..<inputCount {
      if reader.skipUsualWitness() {
        isEmpty = false
        continue
      }
      let count = try reader.readCount(ofItemsOfAtLeast: 1)
      if count > 0 { isEmpty = false }
      try reader.skipSizedBytes(times: count)
    }
    guard !isEmpty else { throw .superfluousWitness(offset: offset) }
  }
}
