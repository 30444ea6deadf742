import JSON
import TestSupport
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
    #expect(try parse(#""a\"\\\/\b\f\n\r\t""#).string == "a\"\\/\u{8}\u{c}\n\r\t")
    #expect(try parse(#""\u00e9 \ud83d\ude00\/""#).string == "é 😀/")
    #expect(try parse(#""ends in \\""#).string == #"ends in \"#)
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
      #""\x""#, #""\ud800""#, #""\ud83d \ude00""#, #""\ude00""#, "\"\u{1}\"",
      #"{"a":1,"a":2}"#, "01", "1.", ".5", "1e", "nul", "truth", "+1", "NaN", "inf", "-", "1 2",
      "[1]]", "{\"a\":1,}", "\u{0}",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try parse(text) }
  }

  @Test("bytes that aren't UTF-8 are no string")
  func notUTF8() {
    let bytes: [UInt8] = [0x22, 0xc3, 0x28, 0x22]
    #expect(throws: JSONError.invalidString(offset: 0)) { try JSONValue(parsing: bytes) }
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

  @Test("what is stepped over may be nested deeper where that is allowed, and must still be closed")
  func deepSkipping() throws {
    let depth = 50_000
    let text =
      String(repeating: #"{"a":["#, count: depth) + "1" + String(repeating: "]}", count: depth)
    let bytes = Array(text.utf8)
    var reader = JSONReader(bytes, depthLimit: 2 * depth)
    #expect(try reader.skipValue() == bytes.indices)
    var shallow = JSONReader(bytes, depthLimit: 2 * depth - 1)
    #expect(throws: JSONError.self) { try shallow.skipValue() }
    var cut = JSONReader(bytes, range: 0..<(bytes.count - 1), depthLimit: 2 * depth)
    #expect(throws: JSONError.endOfInput(offset: bytes.count - 1)) { try cut.skipValue() }
  }

  @Test(
    "what is stepped over ends where it would have been read to, and is refused alike",
    arguments: [
      "[]", "{}", "[[],{}]", #"{"a":{},"b":[1,"]",null]}"#, "[1 2]", "[1,]", "[,1]", "[1]]", "{,}",
      #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{1:1}", "[}", "{]", #"{"a":1]"#, "[1}", "", "[", "{",
      #"{"a":[1,{"b":2}],"c":3} "#, "12", "\"x", "[[1],[2]", ",", ":",
    ])
  func skipping(text: String) {
    let bytes = Array(text.utf8)
    var skipper = JSONReader(bytes)
    let skipped = (try? skipper.skipValue()).map(\.upperBound)
    var reader = JSONReader(bytes)
    let read = (try? JSONValue(reading: &reader)).map { _ in reader.offset }
    #expect(skipped == read)
  }

  @Test("bytes changed, left out or cut off never do more than fail")
  func mutated() throws {
    let answer = try PackageFiles.vector("rpc/core-30.99/getblockchaininfo.json", as: Recorded.self)
    let original = Array(answer.body.utf8.dropLast())
    #expect(try JSONValue(parsing: original)["result"]?["chain"]?.string == "regtest")
    for place in original.indices {
      #expect(throws: JSONError.self) { try JSONValue(parsing: Array(original[..<place])) }
      var shorter = original
      shorter.remove(at: place)
      _ = try? JSONValue(parsing: shorter)
      for byte in [0x00, 0x22, 0x2c, 0x2d, 0x5c, 0x5d, 0x7b, 0x7d, 0xff] as [UInt8] {
        var changed = original
        changed[place] = byte
        _ = try? JSONValue(parsing: changed)
      }
    }
  }
}

/// An answer as a real node gave it.
private struct Recorded: Decodable {
  let body: String
}
