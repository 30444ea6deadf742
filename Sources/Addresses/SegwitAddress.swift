/// Segwit addresses: a witness version and program in Bech32 (version 0) or Bech32m (1 and up).
package enum SegwitAddress {
  package enum DecodingError: Error, Equatable {
    case bech32(Bech32.DecodingError)
    /// The text has nothing between separator and checksum.
    case empty
    case invalidVersion(UInt8)
    /// Version 0 wants Bech32, all others Bech32m (BIP-0350).
    case wrongChecksumKind(version: UInt8, found: Bech32.Variant)
    /// More than four bits of padding, or padding that isn't zero.
    case invalidPadding
    case invalidProgramLength(version: UInt8, bytes: Int)
  }

  package static func encode(_ program: WitnessProgram, prefix: String) -> String {
    encode(prefix: prefix, version: program.version, program: program.program.span.bytes)
  }

  /// The same from what a witness program holds; the caller has checked version and length.
  static func encode(prefix: String, version: UInt8, program: RawSpan) -> String {
    // Version, program, and room for the last bits and the checksum.
    let capacity = prefix.utf8.count + 1 + 1 + (program.byteCount * 8 + 4) / 5 + 6
    return String(unsafeUninitializedCapacity: capacity) { buffer in
      var writer = Bech32.Writer(prefix: prefix, into: buffer)
      writer.write(version)
      var bits: UInt32 = 0
      var bitCount: UInt32 = 0
      for offset in 0..<program.byteCount {
        // At most 4 bits wait, so 12 are held at the most.
        let byte = program.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
        bits = bits << 8 | UInt32(byte)
        bitCount += 8
        while bitCount >= 5 {
          bitCount -= 5
          writer.write(UInt8(truncatingIfNeeded: bits >> bitCount) & 31)
        }
        bits &= (1 << bitCount) - 1
      }
      if bitCount > 0 { writer.write(UInt8(truncatingIfNeeded: bits << (5 - bitCount)) & 31) }
      return writer.finish(version == 0 ? .bech32 : .bech32m)
    }
  }

  /// The human-readable part in lower case, and what it introduces.
  package static func decode(
    _ text: some StringProtocol
  ) throws(DecodingError) -> (prefix: String, program: WitnessProgram) {
    let decoded: Bech32.Decoded
    do {
      decoded = try Bech32.decode(text)
    } catch {
      throw .bech32(error)
    }
    guard let version = decoded.groups.first else { throw .empty }
    guard version <= 16 else { throw .invalidVersion(version) }
    guard decoded.variant == (version == 0 ? .bech32 : .bech32m) else {
      throw .wrongChecksumKind(version: version, found: decoded.variant)
    }
    let bytes = try regroup(decoded.groups.dropFirst())
    guard let program = WitnessProgram(version: version, program: bytes) else {
      throw .invalidProgramLength(version: version, bytes: bytes.count)
    }
    return (decoded.prefix, program)
  }

  private static func regroup(_ groups: ArraySlice<UInt8>) throws(DecodingError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(groups.count * 5 / 8)
    var bits: UInt32 = 0
    var bitCount: UInt32 = 0
    for group in groups {
      bits = bits << 5 | UInt32(group)
      bitCount += 5
      if bitCount >= 8 {
        bitCount -= 8
        bytes.append(UInt8(bits >> bitCount & 0xff))
      }
      bits &= (1 << bitCount) - 1
    }
    guard bitCount < 5, bits == 0 else { throw .invalidPadding }
    return bytes
  }
}
