/// Bech32 (BIP-0173) and Bech32m (BIP-0350): a human-readable part, the separator `1`, and groups
/// of five bits of which the last six are a BCH checksum.
package enum Bech32 {
  /// The two checksums, which differ only in the constant that a valid text leaves.
  package enum Variant: Hashable, Sendable {
    case bech32
    case bech32m

    fileprivate var residue: UInt32 {
      switch self {
      case .bech32: 1
      case .bech32m: 0x2bc8_30a3
      }
    }
  }

  package enum DecodingError: Error, Equatable {
    /// BIP-0173 allows 90 characters.
    case tooLong(characters: Int)
    case mixedCase
    case noSeparator
    case emptyPrefix
    case checksumTooShort
    /// Outside printable ASCII (33 to 126), or behind the separator none of the 32.
    case invalidCharacter(UInt8, offset: Int)
    case wrongChecksum
  }

  package struct Decoded: Equatable, Sendable {
    /// Lower case.
    package let prefix: String
    /// Groups of five bits, without the checksum.
    package let groups: [UInt8]
    package let variant: Variant
  }

  private static let maximumCharacters = 90
  private static let checksumCount = 6
  private static let separator: UInt8 = 0x31

  /// `qpzry9x8gf2tvdw0s3jn54khce6mua7l`
  private static let characters: InlineArray<32, UInt8> = [
    0x71, 0x70, 0x7a, 0x72, 0x79, 0x39, 0x78, 0x38, 0x67, 0x66, 0x32, 0x74, 0x76, 0x64, 0x77, 0x30,
    0x73, 0x33, 0x6a, 0x6e, 0x35, 0x34, 0x6b, 0x68, 0x63, 0x65, 0x36, 0x6d, 0x75, 0x61, 0x37, 0x6c,
  ]

  /// Each ASCII character's group (upper case as lower case), or 0xff.
  private static let groupValues: [UInt8] = {
    var table = [UInt8](repeating: 0xff, count: 256)
    for value in 0..<32 {
      let character = characters[value]
      table[Int(character)] = UInt8(value)
      if character >= 0x61 { table[Int(character - 0x20)] = UInt8(value) }
    }
    return table
  }()

  /// What the five bits shifted out of the checksum add to it: the five generators of BIP-0173
  /// (at 1, 2, 4, 8 and 16), combined for each of the 32 values.
  private static let reductions: InlineArray<32, UInt32> = [
    0x0000_0000, 0x3b6a_57b2, 0x2650_8e6d, 0x1d3a_d9df, 0x1ea1_19fa, 0x25cb_4e48,
    0x38f1_9797, 0x039b_c025, 0x3d42_33dd, 0x0628_646f, 0x1b12_bdb0, 0x2078_ea02,
    0x23e3_2a27, 0x1889_7d95, 0x05b3_a44a, 0x3ed9_f3f8, 0x2a14_62b3, 0x117e_3501,
    0x0c44_ecde, 0x372e_bb6c, 0x34b5_7b49, 0x0fdf_2cfb, 0x12e5_f524, 0x298f_a296,
    0x1756_516e, 0x2c3c_06dc, 0x3106_df03, 0x0a6c_88b1, 0x09f7_4894, 0x329d_1f26,
    0x2fa7_c6f9, 0x14cd_914b,
  ]

  @inline(__always)
  private static func step(_ checksum: UInt32, _ group: UInt8) -> UInt32 {
    // The checksum has 30 bits, so the top five are below 32.
    (checksum & 0x1ff_ffff) << 5 ^ UInt32(group) ^ reductions[Int(checksum >> 25)]
  }

  private static func start(_ prefix: Span<UInt8>) -> UInt32 {
    var checksum: UInt32 = 1
    for index in prefix.indices { checksum = step(checksum, prefix[index] >> 5) }
    checksum = step(checksum, 0)
    for index in prefix.indices { checksum = step(checksum, prefix[index] & 31) }
    return checksum
  }

  /// The text of `groups`, each below 32, after a lower-case `prefix`.
  package static func encode(prefix: String, groups: [UInt8], variant: Variant) -> String {
    let capacity = prefix.utf8.count + 1 + groups.count + checksumCount
    return String(unsafeUninitializedCapacity: capacity) { buffer in
      var writer = Writer(prefix: prefix, into: buffer)
      for group in groups { writer.write(group) }
      return writer.finish(variant)
    }
  }

  /// Writes characters and reckons their checksum on the way.
  ///
  /// The caller's buffer has room for prefix, separator, groups and checksum.
  struct Writer {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private var count = 0
    private var checksum: UInt32 = 1

    @inline(__always)
    init(prefix: String, into buffer: UnsafeMutableBufferPointer<UInt8>) {
      self.buffer = buffer
      for byte in prefix.utf8 {
        checksum = step(checksum, byte >> 5)
        append(byte)
      }
      checksum = step(checksum, 0)
      for index in 0..<count { checksum = step(checksum, buffer[index] & 31) }
      append(separator)
    }

    @inline(__always)
    mutating func write(_ group: UInt8) {
      checksum = step(checksum, group & 31)
      append(characters[Int(group & 31)])
    }

    /// Writes the checksum; the text's length.
    mutating func finish(_ variant: Variant) -> Int {
      for _ in 0..<checksumCount { checksum = step(checksum, 0) }
      checksum ^= variant.residue
      for position in 0..<checksumCount {
        append(characters[Int(checksum >> UInt32(5 * (5 - position)) & 31)])
      }
      return count
    }

    @inline(__always)
    private mutating func append(_ character: UInt8) {
      buffer[count] = character
      count += 1
    }
  }

  package static func decode(_ text: some StringProtocol) throws(DecodingError) -> Decoded {
    var bytes = Array(text.utf8.prefix(maximumCharacters + 1))
    guard bytes.count <= maximumCharacters else { throw .tooLong(characters: text.utf8.count) }
    for (offset, byte) in bytes.enumerated() where byte < 33 || byte > 126 {
      throw .invalidCharacter(byte, offset: offset)
    }
    let hasUpper = bytes.contains { $0 >= 0x41 && $0 <= 0x5a }
    let hasLower = bytes.contains { $0 >= 0x61 && $0 <= 0x7a }
    guard !(hasUpper && hasLower) else { throw .mixedCase }
    if hasUpper {
      for index in bytes.indices where bytes[index] >= 0x41 && bytes[index] <= 0x5a {
        bytes[index] += 0x20
      }
    }
    guard let split = bytes.lastIndex(of: separator) else { throw .noSeparator }
    guard split > 0 else { throw .emptyPrefix }
    guard bytes.count - split - 1 >= checksumCount else { throw .checksumTooShort }
    var checksum = start(bytes.span.extracting(0..<split))
    var groups: [UInt8] = []
    groups.reserveCapacity(bytes.count - split - 1)
    for index in split + 1..<bytes.count {
      let group = groupValues[Int(bytes[index])]
      guard group != 0xff else { throw .invalidCharacter(bytes[index], offset: index) }
      checksum = step(checksum, group)
      groups.append(group)
    }
    let variant: Variant
    switch checksum {
    case Variant.bech32.residue: variant = .bech32
    case Variant.bech32m.residue: variant = .bech32m
    default: throw .wrongChecksum
    }
    groups.removeLast(checksumCount)
    let prefix = String(decoding: bytes[..<split], as: UTF8.self)
    return Decoded(prefix: prefix, groups: groups, variant: variant)
  }
}
