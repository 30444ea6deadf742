internal import Bytes
internal import Digests
internal import Foundation

/// Standard output for results, in large writes; what is said about them goes to standard error.
struct StandardOutput {
  private var buffer: [UInt8] = []
  private static let limit = 1 << 16

  mutating func writeLine(_ line: String) throws {
    buffer.append(contentsOf: line.utf8)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.limit { try flush() }
  }

  mutating func flush() throws {
    try FileHandle.standardOutput.write(contentsOf: buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// The same for a secret, of which nothing stays in the buffer.
  mutating func finishSecret() throws {
    defer {
      buffer.withUnsafeMutableBytes { SecretBytes.erase($0) }
      buffer.removeAll()
    }
    try FileHandle.standardOutput.write(contentsOf: buffer)
  }
}

enum StandardError {
  static func writeLine(_ line: String) {
    // Nobody is left to be told where this fails.
    try? FileHandle.standardError.write(contentsOf: Array("\(line.withPlainLines)\n".utf8))
  }
}
