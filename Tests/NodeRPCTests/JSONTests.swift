import NodeRPC
import Testing

@Suite("JSON") struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test("numbers keep the text they were written with")
  func numbers() throws {
    for text in ["0", "-1", "0.00001000", "4.656542373906925e-10", "18446744073709551615"] {
      #expect(try parse(text) == .number(text))
    }
    #expect(try parse("18446744073709551615").integer(UInt64.self) == .max)
    #expect(try parse("18446744073709551616").integer(UInt64.self) == nil)
    #expect(try parse("1.0").integer(Int.self) == nil)
  }

  @Test("strings with escapes and surrogate pairs are decoded")
  func escapes() throws {
    #expect(try parse(#""a\"\\\/\b\f\n\r\t""#).text == "a\"\\/\u{8}\u{c}\n\r\t")
    #expect(try parse(#""\u00e9 \ud83d\ude00 \ud83d \ude00""#).text == "é 😀 \u{fffd} \u{fffd}")
    #expect(try parse(#""ends in \\""#).text == #"ends in \"#)
  }

  @Test("what is written reads back the same")
  func roundTrip() throws {
    let value = JSONValue.object([
      .init("a\"\n", .array([.null, .bool(true), .bool(false), .integer(-5)])),
      .init("empty", .object([])), .init("none", .array([])), .init("text", .string("é\u{1}")),
    ])
    #expect(try JSONValue(parsing: value.bytes) == value)
  }

  @Test(
    "what isn't JSON is refused",
    arguments: [
      "", " ", "{", "[", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"", #""\"#, #""\u12"#,
      #""\x""#, "nul", "truth", "+1", "NaN", "inf", "-", "1 2", "[1]]", "{\"a\":1,}", "\u{0}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test("nesting without end is refused, not followed")
  func deep() {
    let text = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.tooDeep(offset: 65)) { try parse(text) }
    #expect(throws: JSONError.self) {
      var reader = JSONReader(Array(text.utf8))
      _ = try reader.skipValue()
    }
  }

  @Test("changed bytes never do more than fail")
  func mutated() throws {
    let original = try Recorded.response("getblockchaininfo").body
    var random = SplitMix64(seed: 7)
    for _ in 0..<2_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { break }
      }
      _ = try? JSONValue(parsing: bytes)
    }
  }
}
