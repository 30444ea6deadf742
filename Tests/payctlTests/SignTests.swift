import Addresses
import Bitcoin
import Bytes
import Ethereum
import Foundation
import Payouts
import TestSupport
import Testing

@Suite("payctl sign")
struct SignTests {
  private let passphrase = "correct horse battery staple"

  @Test("a batch is shown, checked and signed with words, and the file is its owner's alone")
  func words() throws {
    let scene = try SignScene()
    let file = try scene.writeBatch()
    let outcome = try scene.sign(file, "--words", "--yes")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("pays 0.700000000000000000 ETH to \(SignScene.destination)"))
    #expect(outcome.output.contains("nonce 1"))
    #expect(!(outcome.output + outcome.errors).contains("junk"))
    let signed = try SignedBatch(parsing: scene.bytes("batch.json.signed"))
    #expect(
      signed.transactions.map(\.transaction)
        == (try UnsignedBatch(parsing: scene.bytes("batch.json")).transactions))
    let transaction = try EthereumTransaction(encoded: try #require(signed.transactions.first).raw)
    #expect(transaction.sender == scene.treasury)
    #expect(try scene.mode("batch.json.signed") == 0o600)
    #expect(
      try scene.names == [
        "batch.json", "batch.json.signed", "policy.yaml", "policy.yaml.record.json",
        "policy.yaml.record.json.lock",
      ])
  }

  @Test("what the policy refuses is refused with all reasons, and nothing is written")
  func refused() throws {
    let scene = try SignScene()
    let elsewhere = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267"
    let address = try EthereumAddress(elsewhere.lowercased()).text
    let file = try scene.writeBatch(wei: 2_000_000_000_000_000_000, to: address)
    let outcome = try scene.sign(file, "--words", "--yes")
    #expect(outcome.status == 1)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("refused: out_") }
    #expect(lines.count == 3, "\(outcome.errors)")
    #expect(outcome.errors.contains("listed destinations alone"))
    #expect(outcome.errors.contains("for each transaction"))
    #expect(outcome.errors.contains("a day"))
    #expect(
      try scene.names == ["batch.json", "policy.yaml", "policy.yaml.record.json.lock"])
  }

  @Test("the day's limit holds over several runs, and the same batch again counts once")
  func limits() throws {
    let scene = try SignScene()
    let first = try scene.writeBatch("first.json", nonce: 1)
    let second = try scene.writeBatch("second.json", nonce: 2)
    let third = try scene.writeBatch("third.json", nonce: 3)
    #expect(try scene.sign(first, "--words", "--yes").status == 0)
    let again = try scene.sign(first, "--words", "--yes", "--out", scene.directory.path("again"))
    #expect(again.status == 0, "\(again.errors)")
    #expect(try scene.bytes("again") == scene.bytes("first.json.signed"))
    #expect(try scene.sign(second, "--words", "--yes").status == 0)
    let outcome = try scene.sign(third, "--words", "--yes")
    #expect(outcome.status == 1 && outcome.errors.contains("the policy allows 1.5"))
    #expect(try !scene.names.contains("third.json.signed"))
  }

  @Test("a signed file that is there is never overwritten")
  func existing() throws {
    let scene = try SignScene()
    let file = try scene.writeBatch()
    try scene.directory.write("batch.json.signed", [1])
    let outcome = try scene.sign(file, "--words", "--yes")
    #expect(outcome.status == 1 && outcome.errors.contains("never overwritten"))
    #expect(try scene.bytes("batch.json.signed") == [1])
    #expect(try !scene.names.contains("policy.yaml.record.json"))
  }

  @Test(
    "only showing needs no key and leaves nothing behind; without --yes or a terminal nobody signs")
  func showing() throws {
    let scene = try SignScene()
    let file = try scene.writeBatch()
    let shown = try scene.sign(file, "--show", input: "")
    #expect(shown.status == 0 && shown.output.contains("from \(scene.treasury)"))
    #expect(try scene.names == ["batch.json", "policy.yaml"])
    #expect(try scene.sign(file).status == 64)
  }

  @Test("a transaction alone comes back signed, in Base64")
  func alone() throws {
    let scene = try SignScene()
    let psbt = try scene.psbt()
    for (name, bytes) in [("binary", psbt.bytes), ("text", Array(psbt.base64.utf8))] {
      let file = try scene.directory.write(name, bytes)
      let outcome = try scene.sign(file, "--words", "--yes")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("which is ours (m/84h/1h/0h/1/0)"))
      let text = String(decoding: try scene.bytes(name + ".signed"), as: UTF8.self)
      var signed = try PSBT(base64: text.trimmingCharacters(in: .newlines))
      #expect(signed.finalize().isEmpty)
      #expect(try signed.extractTransaction().txid == psbt.transaction.txid)
    }
  }

  @Test("words are sealed in a file that signs with its passphrase alone")
  func keyFile() throws {
    let scene = try SignScene()
    let file = try scene.writeBatch()
    let key = scene.directory.path("treasury.key")
    let made = try Program.payctl.run(
      "keys", "encrypt", "--out", key, input: "\(SignScene.words)\n\(passphrase)\n")
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.output.contains("fingerprint"))
    #expect(try scene.mode("treasury.key") == 0o600)
    let text = String(decoding: try scene.bytes("treasury.key"), as: UTF8.self)
    #expect(!text.contains("junk") && text.contains("aes-256-gcm"))
    let wrong = try scene.sign(file, "--key-file", key, "--yes", input: "wrong\n")
    #expect(wrong.status == 1 && wrong.errors.contains("the passphrase is wrong"))
    #expect(try !scene.names.contains("batch.json.signed"))
    let outcome = try scene.sign(file, "--key-file", key, "--yes", input: passphrase + "\n")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try scene.names.contains("batch.json.signed"))
    #expect(!(made.output + made.errors + outcome.errors + wrong.errors).contains("horse"))
    let over = try Program.payctl.run(
      "keys", "encrypt", "--out", key, input: "\(SignScene.words)\n\(passphrase)\n")
    #expect(over.status == 1 && over.errors.contains("never overwritten"))
  }

  @Test("the passphrase may come from a file descriptor, and a short one is refused")
  func descriptor() throws {
    let scene = try SignScene()
    let key = scene.directory.path("treasury.key")
    let short = try Program.payctl.run(
      "keys", "encrypt", "--out", key, input: "\(SignScene.words)\nshort\n")
    #expect(short.status == 1 && short.errors.contains("at least 12"))
    let closed = try Program.payctl.run(
      "keys", "encrypt", "--out", key, "--passphrase-fd", "77", input: "\(SignScene.words)\n")
    #expect(closed.status == 1 && closed.errors.contains("descriptor 77 isn't open"))
    #expect(try scene.names == ["policy.yaml"])
  }

  @Test("what can't be read is refused in a sentence")
  func unreadable() throws {
    let scene = try SignScene()
    let text = try scene.directory.write("note.txt", "hello".utf8)
    let note = try scene.sign(text, "--words", "--yes")
    #expect(note.status == 1 && note.errors.contains("not a partially signed transaction"))
    let broken = try scene.directory.write("broken.json", "{}".utf8)
    let batch = try scene.sign(broken, "--words", "--yes")
    #expect(batch.status == 1 && batch.errors.contains("format is missing"))
    try scene.directory.write("policy.yaml", "chains: []\nlimit: 3\n".utf8)
    let policy = try scene.sign(try scene.writeBatch(), "--words", "--yes")
    #expect(policy.status == 1 && policy.errors.contains("policy.yaml:2: limit: There is no such"))
  }
}
