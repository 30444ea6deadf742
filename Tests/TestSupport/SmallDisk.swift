internal import Foundation

/// A file system of a few megabytes in memory, which only root may mount; gone with the value.
package final class SmallDisk {
  package let path: String
  package let isMounted: Bool

  package init(_ path: String, megabytes: Int) {
    self.path = path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    isMounted = Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
  }

  deinit { if isMounted { _ = Self.run("umount", "-l", path) } }

  /// Runs a program to its end; whether it succeeded.
  package static func run(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Whether this process may mount one.
  package static let canBeMade: Bool = {
    guard geteuid() == 0, let directory = try? TemporaryDirectory() else { return false }
    return SmallDisk(directory.path("disk"), megabytes: 1).isMounted
  }()
}
