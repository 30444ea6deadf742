internal import Foundation

/// A directory that goes with this process, however it ends: a small shell removes it once the
/// other end of its pipe closes.
package final class ScratchDirectory: Sendable {
  package let path: String
  private let shell: ChildProcess
  private let lifeline: FileHandle

  /// Makes a directory in the system's place for temporary ones.
  package init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "paywatch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
    let input = ChildProcess.pipe()
    shell = try ChildProcess(
      ["/bin/sh", "-c", Self.script, "sh", path],
      streams: ChildProcess.Streams(input: input.fileHandleForReading.fileDescriptor))
    try input.fileHandleForReading.close()
    lifeline = input.fileHandleForWriting
  }

  deinit { try? lifeline.close() }

  /// Servers in the directory end at the same moment and may still write for a while.
  private static let script = """
    while read -r line; do :; done
    rounds=0
    while [ -e "$1" ] && [ $rounds -lt 60 ]; do
      rm -rf "$1"
      rounds=$((rounds + 1))
      [ ! -e "$1" ] || sleep 0.2
    done
    """
}
