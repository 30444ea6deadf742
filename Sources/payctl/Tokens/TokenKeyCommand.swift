internal import ArgumentParser
internal import Foundation
internal import TokenIssuing

struct TokenKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Makes a key for development's tokens; prints its public half.",
    discussion: """
      Put what is printed into a file, and name that as authentication.jwt.keys' file with algorithm \
      ES256.
      """)

  @Option(help: "Where the private key goes; nothing is overwritten.", completion: .file())
  var out: String

  func run() async throws {
    let key = TokenIssuer.newKey()
    guard
      FileManager.default.fileExists(atPath: out) == false,
      FileManager.default.createFile(
        atPath: out, contents: Data((key.private + "\n").utf8),
        attributes: [.posixPermissions: 0o600])
    else { throw CommandFailure("\(out) is there already, or can't be written") }
    try Answers.writeLines(texts: [key.public])
    StandardError.writeLine("For development: whoever has \(out) can be everybody.")
  }
}
