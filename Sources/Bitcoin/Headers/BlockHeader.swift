package import Bytes
internal import Digests

/// A block's header: 80 bytes, each number little-endian and each hash in internal byte order:
/// version (4), previous block's hash (32), merkle root (32), time (4), nBits (4), nonce (4).
package struct BlockHeader: Hashable, Sendable {
  package var version: Int32
  package var previousBlockHash: Hash32
  package var merkleRoot: Hash32
  /// Seconds since 1970, as the miner says.
  package var time: UInt32
  /// The target in compact form (nBits).
  package var bits: UInt32
  package var nonce: UInt32

  package static let byteCount = 80

  package init(
    version: Int32, previousBlockHash: Hash32, merkleRoot: Hash32, time: UInt32, bits: UInt32,
    nonce: UInt32
  ) {
    self.version = version
    self.previousBlockHash = previousBlockHash
    self.merkleRoot = merkleRoot
    self.time = time
    self.bits = bits
    self.nonce = nonce
  }

  /// From exactly 80 bytes.
  package init(bytes: RawSpan) throws(BitcoinDecodingError) {
    var reader = WireReader(bytes)
    try self.init(reading: &reader)
    try reader.expectEnd()
  }

  /// The next 80 bytes.
  package init(reading reader: inout WireReader) throws(BitcoinDecodingError) {
    version = Int32(bitPattern: try reader.readUInt32())
    previousBlockHash = try reader.readHash32()
    merkleRoot = try reader.readHash32()
    time = try reader.readUInt32()
    bits = try reader.readUInt32()
    nonce = try reader.readUInt32()
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(littleEndian: version)
    bytes.append(previousBlockHash)
    bytes.append(merkleRoot)
    bytes.append(littleEndian: time)
    bytes.append(littleEndian: bits)
    bytes.append(littleEndian: nonce)
    return bytes
  }

  /// SHA-256d of the 80 bytes: the block's hash, in internal byte order.
  package var hash: Hash32 { SHA256d.hash(bytes) }

  /// Tries nonces from the present one on until the hash meets `bits`; false where none does or
  /// `bits` is no target. For regtest-like difficulty: a nonce in two fits there.
  package mutating func findNonce() -> Bool {
    guard let target = try? CompactTarget(bits).target else { return false }
    for candidate in nonce...UInt32.max {
      nonce = candidate
      if hash.littleEndianNumber <= target { return true }
    }
    return false
  }
}
