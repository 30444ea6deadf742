internal import Bytes
internal import ChainTypes
internal import Digests

/// Where the parts of a transaction stand in the bytes that hold it, and what a walk over it saw.
///
/// Offsets and counts are below 2^32, as the bytes are: a block's shapes are written while it is
/// walked, and half the size stays nearer.
package struct TransactionShape {
  private let offsets: (start: UInt32, bodyStart: UInt32, bodyEnd: UInt32, end: UInt32)
  private let scripts: Range<UInt32>
  private let inputs: Range<UInt32>
  package let hasWitness: Bool
  package let isCoinbase: Bool

  @inline(__always)
  init(
    start: Int, bodyStart: Int, bodyEnd: Int, end: Int, hasWitness: Bool, isCoinbase: Bool,
    outputs: Range<Int>, outpoints: Range<Int>
  ) {
    offsets = (Self.short(start), Self.short(bodyStart), Self.short(bodyEnd), Self.short(end))
    scripts = Range(
      uncheckedBounds: (Self.short(outputs.lowerBound), Self.short(outputs.upperBound)))
    inputs = Range(
      uncheckedBounds: (Self.short(outpoints.lowerBound), Self.short(outpoints.upperBound)))
    self.hasWitness = hasWitness
    self.isCoinbase = isCoinbase
  }

  @inline(__always)
  private static func short(_ number: Int) -> UInt32 { UInt32(truncatingIfNeeded: number) }

  /// Of the version.
  package var start: Int { Int(offsets.start) }
  /// Of the input count.
  package var bodyStart: Int { Int(offsets.bodyStart) }
  /// Of the first witness stack, or of the lock time where there is no witness.
  package var bodyEnd: Int { Int(offsets.bodyEnd) }
  /// Behind the lock time.
  package var end: Int { Int(offsets.end) }
  /// Which of the walk's scripts and outpoints are its own.
  package var outputs: Range<Int> { Int(scripts.lowerBound)..<Int(scripts.upperBound) }
  package var outpoints: Range<Int> { Int(inputs.lowerBound)..<Int(inputs.upperBound) }
}

extension TransactionShape {
  /// The txid; `bytes` are those that were walked.
  func txid(in bytes: RawSpan) -> Hash32 {
    guard hasWitness else { return SHA256d.hash(bytes.extracting(start..<end)) }
    return SHA256d.hash(
      bytes.extracting(start..<start &+ 4), bytes.extracting(bodyStart..<bodyEnd),
      bytes.extracting(end &- 4..<end))
  }

  /// The form without witness, which the txid commits to; `bytes` are those that were walked.
  func strippedBytes(in bytes: RawSpan) -> [UInt8] {
    guard hasWitness else { return [UInt8](copying: bytes.extracting(start..<end)) }
    return [UInt8](copying: bytes.extracting(start..<start + 4))
      + [UInt8](copying: bytes.extracting(bodyStart..<bodyEnd))
      + [UInt8](copying: bytes.extracting(end - 4..<end))
  }

  func wtxid(in bytes: RawSpan, txid: Hash32) -> Hash32 {
    hasWitness ? SHA256d.hash(bytes.extracting(start..<end)) : txid
  }

  /// The only item of a coinbase's witness stack, where that is one item of 32 bytes.
  func reservedValue(in bytes: RawSpan) -> Hash32? {
    guard hasWitness, end - 4 - bodyEnd == 34 else { return nil }
    let stack = bytes.extracting(bodyEnd..<end - 4)
    // 34 bytes: one item, 32 long, and those 32.
    guard stack.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self) == 1,
      stack.unsafeLoad(fromUncheckedByteOffset: 1, as: UInt8.self) == 32
    else { return nil }
    return Hash32(bytes: stack, at: 2)
  }

  /// The match that this transaction is, with its inputs read once more: refused where an outpoint
  /// stands twice among them, which costs room that a walk doesn't take (CVE-2018-17144).
  ///
  /// - Parameter outputs: those that are watched, as places in `scripts`, the walk's
  func match(
    in bytes: RawSpan, ids: TransactionIDs?, index: Int, outputs: ArraySlice<Int>,
    scripts: [Range<UInt32>]
  ) throws(BitcoinDecodingError) -> MatchedTransaction {
    let txid = ids?.txid ?? txid(in: bytes)
    return MatchedTransaction(
      txid: txid, wtxid: ids?.wtxid ?? wtxid(in: bytes, txid: txid),
      index: UInt32(clamping: index), isCoinbase: isCoinbase,
      inputs: isCoinbase ? [] : try outpoints(in: bytes),
      outputs: outputs.map { output(at: $0, script: scripts[$0], in: bytes) })
  }

  private func output(at place: Int, script: Range<UInt32>, in bytes: RawSpan) -> MatchedOutput {
    let (start, end) = (Int(script.lowerBound), Int(script.upperBound))
    // The value stands before the script's length, of which the walk accepts one form only.
    let offset = start - CompactSize.byteCount(end - start) - 8
    let value = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return MatchedOutput(
      vout: UInt32(clamping: place - outputs.lowerBound), value: UInt64(littleEndian: value),
      scriptPubKey: [UInt8](copying: bytes.extracting(start..<end)))
  }

  private func outpoints(in bytes: RawSpan) throws(BitcoinDecodingError) -> [Outpoint] {
    var reader = WireReader(bytes.extracting(bodyStart..<bodyEnd))
    let count = try reader.readCount(ofItemsOfAtLeast: TransactionLimits.minimumInputSize)
    var outpoints: [Outpoint] = []
    outpoints.reserveCapacity(count)
    var seen: Set<Outpoint> = []
    for _ in 0..<count {
      let offset = bodyStart + reader.offset
      let outpoint = Outpoint(wire: try reader.readBytes(Outpoint.byteCount))
      guard seen.insert(outpoint).inserted else { throw .duplicateOutpoint(offset: offset) }
      outpoints.append(outpoint)
      try reader.skipSizedBytes()
      try reader.skip(4)
    }
    return outpoints
  }
}

/// Both ids of a transaction, in internal byte order.
package struct TransactionIDs {
  let txid: Hash32
  let wtxid: Hash32
}
