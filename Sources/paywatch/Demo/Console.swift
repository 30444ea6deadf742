internal import Foundation

/// Standard output, each line at once, into a pipe too.
enum Console {
  static func print(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
