internal import Bytes

/// A segwit output's version and program (BIP-0141): `OP_n` and one push of 2 to 40 bytes.
package struct WitnessProgram: Hashable, Sendable {
  /// 0 to 16.
  package let version: UInt8
  package let program: [UInt8]

  /// Nil for a version above 16, a program of other than 2 to 40 bytes, or one of version 0 that
  /// isn't 20 or 32 bytes long: nobody could ever spend that.
  package init?(version: UInt8, program: [UInt8]) {
    guard version <= 16, (2...40).contains(program.count) else { return nil }
    guard version != 0 || program.count == 20 || program.count == 32 else { return nil }
    self.version = version
    self.program = program
  }

  /// Pay to anchor (BIP-0433): version 1, program 4e73. Anyone can spend it.
  package static let anchor = WitnessProgram(uncheckedVersion: 1, program: [0x4e, 0x73])

  private init(uncheckedVersion version: UInt8, program: [UInt8]) {
    self.version = version
    self.program = program
  }

  package var scriptPubKey: [UInt8] {
    // OP_0 is 0x00, OP_1 to OP_16 are 0x51 to 0x60.
    [version == 0 ? 0 : 0x50 + version, UInt8(program.count)] + program
  }

  /// Nil where the script isn't exactly a version and one direct push of 2 to 40 bytes, or where
  /// version 0 has another length than 20 or 32.
  package init?(scriptPubKey: RawSpan) {
    guard (4...42).contains(scriptPubKey.byteCount) else { return nil }
    let bytes = [UInt8](copying: scriptPubKey)
    guard Int(bytes[1]) == bytes.count - 2 else { return nil }
    let version: UInt8
    switch bytes[0] {
    case 0: version = 0
    case 0x51...0x60: version = bytes[0] - 0x50
    default: return nil
    }
    self.init(version: version, program: Array(bytes.dropFirst(2)))
  }
}
