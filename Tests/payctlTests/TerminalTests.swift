import Foundation
import TestSupport
import Testing

@Suite("payctl at a terminal")
struct TerminalTests {
  private let passphrase = "correct horse battery staple"
  private let asking = "Passphrase of the key file:"
  private let confirming = "to sign this transaction: "

  /// A scene with a batch, and its key sealed in a file.
  private func scene() throws -> (SignScene, batch: String, key: String) {
    let scene = try SignScene()
    let key = scene.directory.path("treasury.key")
    let made = try Program.payctl.run(
      "keys", "encrypt", "--out", key, input: "\(SignScene.words)\n\(passphrase)\n")
    try #require(made.status == 0, "\(made.errors)")
    return (scene, try scene.writeBatch(), key)
  }

  private func sign(
    _ batch: String, _ scene: SignScene, _ more: [String], controls: Bool = true,
    file: String? = nil
  ) throws -> PseudoTerminal {
    try PseudoTerminal(
      .payctl, ["sign", batch, "--policy", scene.policy] + more, controls: controls, file: file)
  }

  @Test("it is signed once “sign” is typed, and the passphrase is never seen")
  func confirmed() throws {
    let (scene, batch, key) = try scene()
    let terminal = try sign(batch, scene, ["--key-file", key])
    try terminal.wait(for: confirming)
    #expect(terminal.screen.contains("pays 0.700000000000000000 ETH"), "\(terminal.screen)")
    try terminal.type("sign")
    try terminal.wait(for: asking)
    try terminal.type(passphrase)
    #expect(try terminal.finish() == 0, "\(terminal.screen)")
    #expect(!terminal.screen.contains("horse"))
    #expect(try scene.names.contains("batch.json.signed"))
  }

  @Test(
    "whatever else is typed nothing is signed, and no key is asked for", arguments: ["", "yes"])
  func declined(_ answer: String) throws {
    let (scene, batch, key) = try scene()
    let terminal = try sign(batch, scene, ["--key-file", key])
    try terminal.wait(for: confirming)
    try terminal.type(answer)
    #expect(try terminal.finish() == 1)
    #expect(terminal.screen.contains("canceled: nothing is signed"), "\(terminal.screen)")
    #expect(!terminal.screen.contains(asking))
    #expect(try !scene.names.contains { $0.hasSuffix(".signed") || $0.hasSuffix(".record.json") })
  }

  @Test("a passphrase from a file descriptor is asked of nobody, the confirmation is")
  func descriptor() throws {
    let (scene, batch, key) = try scene()
    let secret = try scene.directory.write("secret", "\(passphrase)\n".utf8)
    let terminal = try sign(
      batch, scene, ["--key-file", key, "--passphrase-fd", "3"], file: secret)
    try terminal.wait(for: confirming)
    try terminal.type("sign")
    #expect(try terminal.finish() == 0, "\(terminal.screen)")
    #expect(!terminal.screen.contains(asking))
    #expect(try scene.names.contains("batch.json.signed"))
  }

  @Test("without a terminal to ask on nothing is signed")
  func nobody() throws {
    let (scene, batch, key) = try scene()
    let terminal = try sign(batch, scene, ["--key-file", key], controls: false)
    #expect(try terminal.finish() == 1)
    #expect(terminal.screen.contains("there is no terminal to ask on"), "\(terminal.screen)")
    #expect(try !scene.names.contains("batch.json.signed"))
  }

  @Test("a key file's new passphrase is asked for twice, and must be the same")
  func sealing() throws {
    let directory = try TemporaryDirectory()
    for (second, status) in [("another staple of horses", Int32(1)), (passphrase, 0)] {
      let key = directory.path("treasury.key")
      let terminal = try PseudoTerminal(.payctl, ["keys", "encrypt", "--out", key])
      try terminal.wait(for: "Words:")
      try terminal.type(SignScene.words)
      try terminal.wait(for: "New passphrase of the key file:")
      try terminal.type(passphrase)
      try terminal.wait(for: "The same again:")
      try terminal.type(second)
      #expect(try terminal.finish() == status, "\(terminal.screen)")
      #expect(terminal.screen.contains("the two passphrases differ") == (status == 1))
      #expect(!terminal.screen.contains("junk") && !terminal.screen.contains("horse"))
      #expect(FileManager.default.fileExists(atPath: key) == (status == 0))
    }
  }
}
