import Bytes
import Testing

@testable import Addresses

@Suite("What a script is")
struct ScriptKindTests {
  private let key = [0x02] + [UInt8](repeating: 0x11, count: 32)
  private let longKey = [0x04] + [UInt8](repeating: 0x22, count: 64)

  private func kind(_ script: [UInt8]) -> ScriptKind { ScriptKind(scriptPubKey: script) }

  @Test("every template is recognised and written again")
  func templates() throws {
    let hash20 = try #require(Hash20([UInt8](repeating: 7, count: 20)))
    let hash32 = try #require(Hash32([UInt8](repeating: 9, count: 32)))
    let future = try #require(WitnessProgram(version: 16, program: [1, 2, 3]))
    let outputs: [OutputScript] = [
      .p2pkh(hash20), .p2sh(hash20), .p2wpkh(hash20), .p2wsh(hash32), .p2tr(hash32), .anchor,
      OutputScript(future),
    ]
    for output in outputs {
      #expect(OutputScript(scriptPubKey: output.scriptPubKey) == output)
      #expect(kind(output.scriptPubKey) == .address(output))
      // One byte less or more is another script.
      #expect(OutputScript(scriptPubKey: Array(output.scriptPubKey.dropLast())) == nil)
      #expect(OutputScript(scriptPubKey: output.scriptPubKey + [0]) == nil)
    }
  }

  @Test("a template with any one byte changed outside its hash is not that template")
  func changedBytes() throws {
    let hash = try #require(Hash20([UInt8](repeating: 7, count: 20)))
    let script = OutputScript.p2pkh(hash).scriptPubKey
    for index in [0, 1, 2, 23, 24] {
      var wrong = script
      wrong[index] ^= 0x01
      #expect(OutputScript(scriptPubKey: wrong) == nil)
    }
  }

  @Test("bare keys, bare multisig and data have no address")
  func withoutAddress() {
    #expect(kind([33] + key + [0xac]) == .p2pk)
    #expect(kind([65] + longKey + [0xac]) == .p2pk)
    #expect(
      kind([0x51, 33] + key + [65] + longKey + [0x52, 0xae]) == .multisig(required: 1, keys: 2))
    #expect(kind([0x6a]) == .nullData)
    #expect(kind([0x6a, 0x02, 0xab, 0xcd]) == .nullData)
    #expect(kind([0x6a, 0x4c, 0x01, 0xff, 0x51]) == .nullData)
  }

  @Test("what only looks like a template is nonstandard")
  func nonstandard() {
    let scripts: [[UInt8]] = [
      [], [0xac], [33] + key, [33] + [0x05] + key.dropFirst() + [0xac],
      // 2 of 1; one key promised, two given; a key cut short.
      [0x52, 33] + key + [0x51, 0xae], [0x51, 33] + key + [33] + key + [0x51, 0xae],
      [0x51, 34] + key + [0x51, 0xae],
      // A push that runs past the end, and an opcode that pushes nothing.
      [0x6a, 0x05, 0x01], [0x6a, 0x4e, 0xff, 0xff, 0xff, 0xff], [0x6a, 0xac],
      // Version 0 with a length nobody can spend (BIP-0141).
      [0x00, 0x15] + [UInt8](repeating: 0, count: 21),
    ]
    for script in scripts { #expect(kind(script) == .nonstandard, "\(Hex.encode(script))") }
  }

  @Test("no run of random bytes traps")
  func randomScripts() {
    let bytes: [UInt8] = [
      0x00, 0x14, 0x20, 0x51, 0x6a, 0x76, 0xa9, 0xac, 0xae, 0x4c, 0x4d, 0x4e, 0xff,
    ]
    var random = SplitMix64(seed: 1)
    for _ in 0..<5_000 {
      let script = (0..<Int.random(in: 0...50, using: &random)).map { _ in
        bytes[Int.random(in: bytes.indices, using: &random)]
      }
      if case .address(let output) = kind(script) { #expect(output.scriptPubKey == script) }
    }
  }
}
