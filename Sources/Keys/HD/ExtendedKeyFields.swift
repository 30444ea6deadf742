internal import Addresses
internal import Bytes

/// The 78 bytes of an extended key (BIP-0032), whose last 33 are a public key or a zero byte and a
/// private one.
///
///     version 4 | depth 1 | parent fingerprint 4 | child number 4 | chain code 32 | key 33
struct ExtendedKeyFields {
  var version: UInt32
  var depth: UInt8
  var parentFingerprint: UInt32
  var childNumber: ChildNumber
  var chainCode: Hash32
  var key: [UInt8]

  static let byteCount = 78
  /// 82 bytes in Base58 have 112 characters at the most.
  static let maximumCharacters = 112

  init(
    version: UInt32, depth: UInt8, parentFingerprint: UInt32, childNumber: ChildNumber,
    chainCode: Hash32, key: [UInt8]
  ) {
    self.version = version
    self.depth = depth
    self.parentFingerprint = parentFingerprint
    self.childNumber = childNumber
    self.chainCode = chainCode
    self.key = key
  }

  /// From Base58Check text, without looking at version or key.
  init(text: String) throws(ExtendedKeyError) {
    let bytes: [UInt8]
    do {
      bytes = try Base58Check.decode(text, maximumCharacters: Self.maximumCharacters)
    } catch {
      throw .invalidText(error)
    }
    guard bytes.count == Self.byteCount else { throw .wrongLength(bytes: bytes.count) }
    var reader = ByteReader(bytes.span.bytes)
    do {
      version = try reader.readBigEndian(UInt32.self)
      depth = try reader.readUInt8()
      parentFingerprint = try reader.readBigEndian(UInt32.self)
      childNumber = ChildNumber(rawValue: try reader.readBigEndian(UInt32.self))
      chainCode = try reader.readHash32()
      key = try [UInt8](copying: reader.readBytes(33))
    } catch {
      throw .wrongLength(bytes: bytes.count)
    }
  }

  /// A key at depth 0 has no parent and no number.
  func checkMaster() throws(ExtendedKeyError) {
    guard depth == 0 else { return }
    guard parentFingerprint == 0 else { throw .masterWithParent(fingerprint: parentFingerprint) }
    guard childNumber.rawValue == 0 else { throw .masterWithNumber(childNumber) }
  }

  var text: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(bigEndian: version)
    bytes.append(depth)
    bytes.append(bigEndian: parentFingerprint)
    bytes.append(bigEndian: childNumber.rawValue)
    bytes.append(chainCode)
    bytes += key
    return Base58Check.encode(bytes)
  }
}
