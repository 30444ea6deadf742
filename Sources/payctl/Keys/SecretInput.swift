internal import Digests
internal import Glibc

/// Lines of standard input, or of another open file, that nobody else may see: a terminal doesn't
/// show them.
enum SecretInput {
  /// No passphrase and no words are longer.
  private static let maximumBytes = 4_096

  /// The next line's bytes as they stand, without the end of the line.
  static func bytes(prompt: String, from file: Int32 = STDIN_FILENO) throws -> SecretBytes {
    let isTerminal = isatty(file) == 1
    var settings = termios()
    if isTerminal {
      tcgetattr(file, &settings)
      var quiet = settings
      // Signals and line editing too: a Ctrl-C would leave the terminal without its echo.
      quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
      tcsetattr(file, TCSANOW, &quiet)
      // Only now: what is typed as soon as it is asked for isn't shown either.
      StandardError.writeLine(prompt)
    }
    defer { if isTerminal { tcsetattr(file, TCSANOW, &settings) } }
    // Reserved in whole: growing would leave copies behind.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(maximumBytes)
    defer { bytes.withUnsafeMutableBytes { SecretBytes.erase($0) } }
    var byte: UInt8 = 0
    reading: while read(file, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
      if isTerminal {
        switch byte {
        case 0x03: throw CommandFailure("canceled")
        case 0x04: break reading
        case 0x08, 0x7f:
          while let last = bytes.popLast(), last & 0xc0 == 0x80 {}
          continue
        default: break
        }
      }
      guard bytes.count < maximumBytes else {
        throw CommandFailure("a line of standard input is longer than \(maximumBytes) bytes")
      }
      bytes.append(byte)
    }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return SecretBytes(copying: bytes.span.bytes)
  }
}
