internal import Foundation

/// PostgreSQL's programs on this machine, and the user who may run the server: PostgreSQL refuses
/// to run as root, so root runs it as the user whom Debian's package makes for it.
struct PostgresInstallation: Sendable {
  private let directory: String
  /// Whom root runs the server as; nil where this process isn't root.
  private let owner: Owner?

  private struct Owner: Sendable {
    let user: uid_t
    let group: gid_t
  }

  /// Debian keeps each version's programs in a directory of its own and few of them in PATH.
  static func find() throws -> PostgresInstallation {
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places =
      versions.compactMap { Int($0) }.sorted(by: >).map { "\(debian)/\($0)/bin" }
      + path.split(separator: ":").map(String.init)
    let directory = places.first { place in
      ["initdb", "postgres"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "\(place)/\($0)")
      }
    }
    guard let directory else {
      throw LocalServerError.missing(program: "PostgreSQL's server", package: "postgresql")
    }
    guard geteuid() == 0 else { return PostgresInstallation(directory: directory, owner: nil) }
    guard let entry = getpwnam("postgres") else {
      throw LocalServerError.missing(
        program: "the user postgres, whom root runs the server as,", package: "postgresql")
    }
    return PostgresInstallation(
      directory: directory,
      owner: Owner(user: entry.pointee.pw_uid, group: entry.pointee.pw_gid))
  }

  func program(_ name: String) -> String { "\(directory)/\(name)" }

  /// The command as the user who may run the server.
  func asOwner(_ arguments: [String]) -> [String] {
    guard let owner else { return arguments }
    return [
      "setpriv", "--reuid", String(owner.user), "--regid", String(owner.group), "--clear-groups",
    ] + arguments
  }

  /// Makes a directory where it is missing, and gives it to the owner.
  func prepare(_ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    guard let owner else { return }
    guard chown(path, owner.user, owner.group) == 0 else {
      throw LocalServerError.failed("\(path) can't be given to PostgreSQL's user")
    }
    var parent = URL(filePath: path).standardizedFileURL.deletingLastPathComponent()
    while parent.path(percentEncoded: false) != "/" {
      let name = parent.path(percentEncoded: false)
      let mode = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions]
      guard let bits = (mode as? NSNumber)?.intValue, bits & 0o001 != 0 else {
        throw LocalServerError.failed("\(name) lets PostgreSQL's user not pass to \(path)")
      }
      parent.deleteLastPathComponent()
    }
  }

  /// Writes a file that only the owner may read.
  func write(_ text: String, to path: String) throws {
    let isWritten = FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw LocalServerError.failed("\(path) can't be written") }
    guard let owner else { return }
    guard chown(path, owner.user, owner.group) == 0 else {
      throw LocalServerError.failed("\(path) can't be given to PostgreSQL's user")
    }
  }

  /// Runs one of the programs to its end and returns what it wrote; throws what it said where it
  /// fails.
  @discardableResult
  func run(
    _ name: String, _ arguments: [String], asOwner isOwner: Bool = false
  ) async throws -> String {
    let output = FileManager.default.temporaryDirectory
      .appending(path: "paywatch-\(UUID().uuidString)").path(percentEncoded: false)
    let descriptor = open(output, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw LocalServerError.failed("\(output) can't be written") }
    defer {
      close(descriptor)
      unlink(output)
    }
    let command = [program(name)] + arguments
    let child = try ChildProcess(
      isOwner ? asOwner(command) : command, environment: ["LC_ALL": "C"],
      streams: ChildProcess.Streams(output: descriptor, errors: descriptor))
    let status = await child.waitForExit(within: .seconds(60))
    let text = String(
      decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
    guard status == 0 else {
      throw LocalServerError.failed("\(name) failed (\(status ?? -1)):\n\(text)")
    }
    return text
  }
}
