internal import Foundation

/// One of PostgreSQL's client programs on this machine.
struct PostgresProgram: Sendable {
  let name: String
  let path: String
  /// The major version, such as 15.
  let version: Int

  /// The oldest that fits a server: a program can't read what is newer than itself, and a much
  /// newer one writes what an older server doesn't understand.
  static func find(_ name: String, forServer server: Int) throws -> PostgresProgram {
    let programs = try installed(name)
    guard let newest = programs.max(by: { $0.version < $1.version }) else {
      throw BackupError.programMissing(name)
    }
    let fitting = programs.filter { $0.version >= server }.min { $0.version < $1.version }
    guard let fitting else {
      throw BackupError.programTooOld(name, version: newest.version, server: server)
    }
    return fitting
  }

  private static func installed(_ name: String) throws -> [PostgresProgram] {
    // Debian keeps each version in a directory of its own; in PATH is one that chooses.
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places =
      versions.filter { Int($0) != nil }.map { "\(debian)/\($0)/bin" }
      + path.split(separator: ":").map(String.init)
    return places.map { "\($0)/\(name)" }
      .filter { FileManager.default.isExecutableFile(atPath: $0) }
      .compactMap { path in
        guard let text = try? run(path, name: name, ["--version"], environment: [:]),
          let version = version(in: text)
        else { return nil }
        return PostgresProgram(name: name, path: path, version: version)
      }
  }

  /// Of `pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
  static func version(in text: String) -> Int? {
    text.firstMatch(of: /\(PostgreSQL\) (\d+)/).flatMap { Int($0.output.1) }
  }

  /// Runs it to its end; what it wrote. Throws what it said where it fails.
  @discardableResult
  func run(_ arguments: [String], environment: [String: String]) throws -> String {
    try Self.run(path, name: name, arguments, environment: environment)
  }

  private static func run(
    _ path: String, name: String, _ arguments: [String], environment: [String: String]
  ) throws -> String {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["LC_ALL": "C"]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw BackupError.programFailed(name, reason: error.localizedDescription)
    }
    // It writes only a line to its output; what goes wrong is told at most once.
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    let written = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let text = String(decoding: said.suffix(4_096), as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      throw BackupError.programFailed(
        name, reason: text.isEmpty ? "it ended with \(process.terminationStatus)" : text)
    }
    return String(decoding: written, as: UTF8.self)
  }
}
