internal import Foundation

/// A real mail server of this machine on 127.0.0.1 only, gone with this process: aiosmtpd, in the
/// Python environment that `Tests/MailServer/setup.sh` makes. It keeps every mail as Python's own
/// parser understands it; `Tests/MailServer/server.py` tells what it refuses.
package final class MailTester: Sendable {
  /// How connections are encrypted.
  package enum Security: Sendable {
    case none
    /// From the command on (RFC 3207), and nothing is taken before it.
    case startTLS(LocalCertificate)
    /// From the start (RFC 8314).
    case implicit(LocalCertificate)

    var arguments: [String] {
      switch self {
      case .none: ["--tls", "none"]
      case .startTLS(let pair):
        ["--tls", "starttls", "--certificate", pair.certificate, "--key", pair.key]
      case .implicit(let pair):
        ["--tls", "implicit", "--certificate", pair.certificate, "--key", pair.key]
      }
    }
  }

  /// `smtp://127.0.0.1:…` or `smtps://…`.
  package let url: String
  private let mailbox: String
  private let process: ServerProcess

  private init(url: String, mailbox: String, process: ServerProcess) {
    self.url = url
    self.mailbox = mailbox
    self.process = process
  }

  /// Starts a server; returns once it listens.
  ///
  /// - Parameters:
  ///   - directory: for its mails and its log
  ///   - package: the folder of this package, in which its program and its Python are
  ///   - login: the only user, without whom nothing is taken
  package static func start(
    directory: String, package: String, security: Security = .none,
    login: (user: String, password: String)? = nil
  ) async throws -> MailTester {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let python = "\(package)/.build/mail-server/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw LocalServerError.failed(
        "the tests' mail server isn't installed: sh Tests/MailServer/setup.sh")
    }
    let name = UUID().uuidString
    let mailbox = "\(directory)/mails-\(name).jsonl"
    let user = login.map { ["--user", $0.user, "--password", $0.password] } ?? []
    let process = try ServerProcess(
      ServerProcess.Command(
        [python, "-B", "\(package)/Tests/MailServer/server.py", "--mailbox", mailbox]
          + security.arguments + user,
        log: "\(directory)/mail-\(name).log"))
    try await process.waitUntilReady { address(in: process) != nil }
    guard let url = address(in: process) else {
      throw LocalServerError.failed("the tests' mail server told no address")
    }
    return MailTester(url: url, mailbox: mailbox, process: process)
  }

  /// The line that the server prints once it listens.
  private static func address(in process: ServerProcess) -> String? {
    process.logTail(lines: 1_000).split(separator: "\n").first {
      $0.hasPrefix("smtp://127.0.0.1:") || $0.hasPrefix("smtps://127.0.0.1:")
    }.map(String.init)
  }

  /// The mails that it has taken, each as a JSON object.
  package func mails() -> [String] {
    guard let data = FileManager.default.contents(atPath: mailbox) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Ends it.
  package func stop() async { await process.stop() }
}
