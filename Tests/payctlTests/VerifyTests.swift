import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import Payments
import SQLite
import Simulation
import TestSupport
import Testing
import Watching

@Suite("payctl verify")
struct VerifyTests {
  /// A payment with 150,000 in a block, and what `payctl payment proof` prints of it.
  private func bundle(
    _ scene: RescanScene
  ) async throws -> (text: String, block: String) {
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 20_000)
    let block = try scene.node.mine(2)[0]
    try await scene.settle()
    let outcome = try await Program.payctl.finish([
      "payment", "proof", payment.terms.id, "--database",
      scene.scratch.url.appending(path: "paywatch.sqlite").path,
    ])
    return (outcome.output, block.hash.displayHex)
  }

  private func verify(
    _ text: String, in scratch: TemporaryDirectory, _ arguments: String...
  ) async throws -> Program.Outcome {
    try scratch.write("proof.json", text.utf8)
    return try await Program.payctl.finish(
      ["verify", scratch.url.appending(path: "proof.json").path] + arguments)
  }

  @Test("a saved bundle is checked without anything else, and says what it shows and what not")
  func sound() async throws {
    let scene = try await RescanScene()
    let (text, block) = try await bundle(scene)
    try await scene.close()
    let outcome = try await verify(text, in: scene.scratch)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("stands in block \(block) and brought 150000 minor units"))
    #expect(outcome.output.contains("were due for order 1"), "\(outcome.output)")
    #expect(outcome.output.contains("just what was due"))
    #expect(outcome.output.contains("Not shown: that these blocks are in the active chain."))

    let pinned = try await verify(text, in: scene.scratch, "--header", block.uppercased())
    #expect(pinned.status == 0, "\(pinned.output)")
    #expect(pinned.output.contains("held against the hashes that were given"))
    let other = String(repeating: "0", count: 64)
    let strange = try await verify(text, in: scene.scratch, "--header", other)
    #expect(strange.status == 1)
    #expect(strange.output.contains("Doesn't hold: neither block \(block)"), "\(strange.output)")
    let piped = try Program.payctl.run(["verify", "-"], input: text)
    #expect(piped.status == 0 && piped.output == outcome.output)
  }

  @Test("whatever is changed of a bundle, it doesn't hold any more")
  func changed() async throws {
    let scene = try await RescanScene()
    let (text, _) = try await bundle(scene)
    try await scene.close()
    let address = try #require(text.firstRange(of: #""address":""#))
    let changes = [
      text.replacing(
        #""amount_minor":"150000","state""#, with: #""amount_minor":"150001","state""#),
      text.replacing(#""header":""#, with: #""header":"01"#),
      text.replacing(
        text[address.upperBound..<text.index(address.upperBound, offsetBy: 44)],
        with: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"),
      text + text,
    ]
    for change in changes {
      #expect(change != text)
      let outcome = try await verify(change, in: scene.scratch)
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.output.contains("Doesn't hold: "), "\(outcome.errors)")
    }
    for nonsense in ["", "{}", "[]", "x\n"] {
      let outcome = try await verify(nonsense, in: scene.scratch)
      #expect(outcome.status == 1 && outcome.output.isEmpty, "\(nonsense)")
    }
  }

  @Test("one output that stands there twice, less than was due, or a page's end doesn't hold")
  func amounts() async throws {
    let scene = try await RescanScene()
    let (text, _) = try await bundle(scene)
    try await scene.close()
    let start = try #require(text.firstRange(of: #""outputs":[{"#))
    let end = try #require(text[start.upperBound...].firstRange(of: "}]"))
    let output = text[start.upperBound..<end.lowerBound]
    let named = #"{"position":"a",\#(output)},{"position":"b",\#(output)"#
    let twice = text.replacingCharacters(
      in: text.index(before: start.upperBound)..<end.lowerBound, with: named)
    let refused = try await verify(twice, in: scene.scratch)
    #expect(refused.status == 1)
    #expect(refused.output.contains("stands there twice"), "\(refused.output)")
    let dearer = text.replacing(
      #""amount_minor":"150000","confirmations_required"#,
      with: #""amount_minor":"150001","confirmations_required"#)
    let short = try await verify(dearer, in: scene.scratch)
    #expect(short.status == 1, "\(text)")
    #expect(short.output.contains("1 less than was due"), "\(short.output)")
    let paged = text.replacing(#""next_after":null"#, with: #""next_after":"00""#)
    #expect(paged != text)
    #expect(try await verify(paged, in: scene.scratch).status == 1)
    let escaped = text.replacing(#""order_id":"1""#, with: ##""order_id":"1\u001b[2J\nProved""##)
    #expect(escaped != text)
    let shown = try await verify(escaped, in: scene.scratch)
    #expect(!shown.output.contains("\u{1b}") && !shown.output.contains("\nProved:\n"))
    #expect(shown.output.contains(#"\u{1b}[2J\u{a}Proved"#), "\(shown.output)")
  }

  @Test("money that is said to be in a block and has no proof doesn't hold")
  func unproved() async throws {
    let scene = try await RescanScene()
    let (text, _) = try await bundle(scene)
    try await scene.close()
    let proof = try #require(text.firstRange(of: #""proof":{"#))
    let end = try #require(text.firstRange(of: #"},"txid":"#))
    let without = text.replacingCharacters(
      in: proof.lowerBound..<text.index(after: end.lowerBound), with: #""proof":null"#)
    let outcome = try await verify(without, in: scene.scratch)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("has no proof"), "\(outcome.output)")
  }

  @Test("the headers on top are one chain with its work, and a known block among them is enough")
  func buried() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    let blocks = try scene.node.mine(9)
    try await scene.settle()
    let database = scene.scratch.url.appending(path: "paywatch.sqlite").path
    let text = try await Program.payctl.finish(
      ["payment", "proof", payment.terms.id, "--database", database]
    ).output
    try await scene.close()
    // Of a finality of six the block itself and five on top.
    let whole = try await verify(text, in: scene.scratch)
    #expect(whole.status == 0, "\(whole.output)")
    #expect(
      whole.output.contains("5 more blocks stand on \(blocks[0].hash.displayHex)"),
      "\(whole.output)")
    for (place, status) in [(0, 0), (5, 0), (6, 1)] {
      let hash = blocks[place].hash.displayHex
      let pinned = try await Program.payctl.finish(
        ["verify", scene.scratch.path("proof.json"), "--header", hash])
      #expect(pinned.status == Int32(status), "\(place): \(pinned.output)")
    }
    let start = try #require(text.firstRange(of: #""headers":[""#)).upperBound
    let first = text[start..<text.index(start, offsetBy: 160)]
    // Left out in between, and with another nonce.
    let gap = text.replacing(#""\#(first)","#, with: "")
    #expect(gap != text)
    let broken = text.replacing(first, with: first.dropLast(8) + "ffffffff")
    #expect(broken != text)
    for changed in [gap, broken] {
      let outcome = try await verify(changed, in: scene.scratch)
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.output.contains("Doesn't hold: "), "\(outcome.output)")
    }
  }
}
