internal import Bytes
internal import ChainTypes

// Strict decoding, with the checks of a transaction that need no context (Bitcoin Core's
// `CheckTransaction`).
extension Transaction {
  /// From its wire form, with nothing after it.
  package init(bytes: RawSpan) throws(BitcoinDecodingError) {
    var reader = WireReader(bytes)
    try self.init(reading: &reader)
    try reader.expectEnd()
  }

  package init(bytes: [UInt8]) throws(BitcoinDecodingError) {
    try self.init(bytes: bytes.span.bytes)
  }

  /// From the form without witness, with nothing after it, where inputs and outputs may yet be
  /// missing (BIP-0174).
  init(unfinished bytes: RawSpan) throws(BitcoinDecodingError) {
    var reader = WireReader(bytes)
    let version = try reader.readUInt32()
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    var inputs: [TransactionInput] = []
    var outpoints: Set<Outpoint> = []
    for _ in 0..<count {
      let offset = reader.offset
      let input = try Self.readInput(&reader, isOnly: count == 1)
      guard outpoints.insert(input.outpoint).inserted else {
        throw .duplicateOutpoint(offset: offset)
      }
      inputs.append(input)
    }
    let outputs = try Self.readOutputs(&reader, atLeast: 0)
    let lockTime = try reader.readUInt32()
    try reader.expectEnd()
    guard 4 * bytes.byteCount <= TransactionLimits.maximumWeight else {
      throw .transactionTooLarge(byteCount: bytes.byteCount, offset: 0)
    }
    self.init(version: version, inputs: inputs, outputs: outputs, lockTime: lockTime)
  }

  /// The next transaction.
  package init(reading reader: inout WireReader) throws(BitcoinDecodingError) {
    let start = reader.offset
    let version = try reader.readUInt32()
    let hasWitness = try Self.readMarker(&reader)

    let inputsOffset = reader.offset
    let inputCount = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    guard inputCount > 0 else { throw .noInputs(offset: inputsOffset) }
    var inputs: [TransactionInput] = []
    inputs.reserveCapacity(inputCount)
    var outpoints: Set<Outpoint> = []
    var duplicateOffset: Int?
    for _ in 0..<inputCount {
      let offset = reader.offset
      let input = try Self.readInput(&reader, isOnly: inputCount == 1)
      if !outpoints.insert(input.outpoint).inserted, duplicateOffset == nil {
        duplicateOffset = offset
      }
      inputs.append(input)
    }
    let outputs = try Self.readOutputs(&reader)

    var witnessSize = 0
    if hasWitness {
      let witnessOffset = reader.offset
      for index in inputs.indices {
        inputs[index].witness = try Self.readWitness(&reader)
      }
      guard inputs.contains(where: { !$0.witness.isEmpty }) else {
        throw .superfluousWitness(offset: witnessOffset)
      }
      witnessSize = reader.offset - witnessOffset + 2
    }
    let lockTime = try reader.readUInt32()

    let size = reader.offset - start
    guard 4 * (size - witnessSize) + witnessSize <= TransactionLimits.maximumWeight else {
      throw .transactionTooLarge(byteCount: size, offset: start)
    }
    // Last, because a scan looks for it when it has walked over the whole transaction.
    if let duplicateOffset { throw .duplicateOutpoint(offset: duplicateOffset) }
    self.init(version: version, inputs: inputs, outputs: outputs, lockTime: lockTime)
  }

  /// Whether the segwit marker and flag stand here; they are read if so.
  private static func readMarker(_ reader: inout WireReader) throws(BitcoinDecodingError) -> Bool {
    var ahead = reader
    let offset = ahead.offset
    guard try ahead.readUInt8() == 0x00 else { return false }
    let flag = try ahead.readUInt8()
    guard flag == 0x01 else { throw .unknownFlag(flag, offset: offset + 1) }
    reader = ahead
    return true
  }

  private static func readInput(
    _ reader: inout WireReader, isOnly: Bool
  ) throws(BitcoinDecodingError) -> TransactionInput {
    let offset = reader.offset
    let outpoint = Outpoint(wire: try reader.readBytes(Outpoint.byteCount))
    let scriptOffset = reader.offset
    let scriptSig = [UInt8](copying: try reader.readSizedBytes())
    if outpoint.isNull {
      guard isOnly else { throw .nullOutpoint(offset: offset) }
      guard TransactionLimits.coinbaseScriptLengths.contains(scriptSig.count) else {
        throw .coinbaseScriptLength(scriptSig.count, offset: scriptOffset)
      }
    }
    return TransactionInput(
      outpoint: outpoint, scriptSig: scriptSig, sequence: try reader.readUInt32())
  }

  private static func readOutputs(
    _ reader: inout WireReader, atLeast least: Int = 1
  ) throws(BitcoinDecodingError) -> [TransactionOutput] {
    let countOffset = reader.offset
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumOutputSize)
    guard count >= least else { throw .noOutputs(offset: countOffset) }
    var outputs: [TransactionOutput] = []
    outputs.reserveCapacity(count)
    var sum: UInt64 = 0
    for _ in 0..<count {
      let offset = reader.offset
      let value = try reader.readUInt64()
      guard value <= TransactionLimits.maximumValue else {
        throw .valueTooLarge(value, offset: offset)
      }
      // Both are at most 2.1 × 10^15, so the sum can't overflow.
      sum += value
      guard sum <= TransactionLimits.maximumValue else {
        throw .valueSumTooLarge(sum, offset: offset)
      }
      let scriptPubKey = [UInt8](copying: try reader.readSizedBytes())
      outputs.append(TransactionOutput(value: value, scriptPubKey: scriptPubKey))
    }
    return outputs
  }

  /// A witness stack: its items behind their counts.
  static func readWitness(
    _ reader: inout WireReader
  ) throws(BitcoinDecodingError) -> [[UInt8]] {
    let count = try reader.readCount(ofItemsOfAtLeast: 1)
    var items: [[UInt8]] = []
    // An item takes a byte here but many in memory, so no room is reserved on the count's word.
    for _ in 0..<count {
      items.append([UInt8](copying: try reader.readSizedBytes()))
    }
    return items
  }
}
