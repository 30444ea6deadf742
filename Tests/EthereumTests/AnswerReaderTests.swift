import Bytes
import Testing

@testable import Ethereum

@Suite("nodes' answers")
struct AnswerReaderTests {
  private static func decode(_ digits: [UInt8]) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: digits.count / 2)
    let isValid = output.withUnsafeMutableBytes {
      HexDigits.decode(digits.span.bytes, range: digits.indices, into: $0)
    }
    return isValid ? output : nil
  }

  @Test("digits decode as the plain decoder decodes them, at every length and in both cases")
  func digits() throws {
    var random = SplitMix64(seed: 12)
    for count in 0...70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = Hex.encode(bytes)
      #expect(Self.decode(Array(text.utf8)) == bytes)
      #expect(Self.decode(Array(text.uppercased().utf8)) == bytes)
    }
  }

  @Test("no other byte is a digit, wherever it stands")
  func otherBytes() throws {
    let digits = Set(Array("0123456789abcdefABCDEF".utf8))
    for count in [2, 16, 18, 40] {
      for position in 0..<count {
        for byte in UInt8.min...UInt8.max {
          var text = [UInt8](repeating: 0x66, count: count)
          text[position] = byte
          #expect((Self.decode(text) != nil) == digits.contains(byte), "\(byte) at \(position)")
        }
      }
    }
  }

  @Test("a number has its value wherever it stands and however it is padded")
  func numbers() throws {
    var random = SplitMix64(seed: 13)
    for digits in 0...64 {
      for before in [0, 1, 5, 20] {
        let value = String(
          (0..<digits).map { _ in "123456789abcdefABCDEF".randomElement(using: &random) ?? "1" })
        let zeros = String(repeating: "0", count: digits == 0 ? 1 : before % 3)
        let text = Array((String(repeating: " ", count: before) + "0x" + zeros + value).utf8)
        let reader = AnswerReader(text.span.bytes)
        let padded = String(repeating: "0", count: 64 - digits) + value
        let number = try UInt256(bigEndian: Hash32(hex: padded))
        #expect(try reader.number(before..<text.count, "n") == number, "\(value)")
        guard digits <= 16 else { continue }
        #expect(try reader.number64(before..<text.count, "n") == number.asUInt64, "\(value)")
      }
    }
  }

  @Test("what isn't a number of that size is refused")
  func noNumbers() {
    for text in [
      "", "0", "0x", "1x1", "0x1g", "0x 1", "-0x1", "0x" + String(repeating: "1", count: 65),
    ] {
      let bytes = Array(text.utf8)
      let reader = AnswerReader(bytes.span.bytes)
      #expect(throws: AnswerError.invalid("n")) { try reader.number(0..<bytes.count, "n") }
    }
    let bytes = Array("0x10000000000000000".utf8)
    let reader = AnswerReader(bytes.span.bytes)
    #expect(throws: AnswerError.invalid("n")) { try reader.number64(0..<bytes.count, "n") }
  }

  @Test("a member is known by its whole name alone, also where little stands behind it")
  func memberNames() {
    for member in HeaderMember.allCases {
      for space in [0, 1, 30] {
        let name = "\(member)"
        for (text, expected) in [
          (name, member), (name + "s", nil), ("x" + name, nil), (String(name.dropLast()), nil),
          (name + "\0", nil), (name + String(repeating: "x", count: 30), nil),
        ] as [(String, HeaderMember?)] {
          let bytes = Array(text.utf8)
          let all = bytes + [UInt8](repeating: 0x20, count: space)
          let reader = AnswerReader(all.span.bytes)
          let found = HeaderMember.names.member(named: 0..<bytes.count, in: reader)
          #expect(found == expected, "\(text)")
        }
      }
    }
  }

  /// The members' names of an object, with the values skipped.
  private static func names(_ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    var reader = AnswerReader(bytes.span.bytes)
    var names: [String] = []
    try reader.openObject()
    while let name = try reader.nextMember() {
      names.append(reader.string(name))
      try reader.skipValue()
    }
    try reader.expectEnd()
    return names
  }

  @Test("values of every kind are stepped over, with whatever white space and escapes")
  func skipping() throws {
    let text = #"""
       { "a" : [ 1 , -2.5e+3, {"x":[[],{}]} ] , "b":"q\"}]\\" ,"c":null,
         "d":true, "e":"\\", "f":{"g":"\\\""} }
      """#
    #expect(try Self.names(text) == ["a", "b", "c", "d", "e", "f"])
    #expect(try Self.names("{}") == [])
  }

  @Test("broken JSON is refused where it breaks")
  func broken() {
    for text in [
      "", "{", "}", "[]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#,
      #"{"a":"x}"#, #"{"a":[1}"#, #"{"a":1}}"#, #"{a:1}"#, #"{"a":1}x"#, #"{"a\"":1}"#,
      #"{"a":]}"#,
    ] {
      #expect(throws: AnswerError.self, "\(text)") { try Self.names(text) }
    }
  }

  @Test("deep nesting is refused, and nothing recurses over it")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
    }
    #expect(try Self.names(nested(60)) == ["a"])
    for depth in [70, 1_000_000] {
      #expect(throws: AnswerError.self) { try Self.names(nested(depth)) }
    }
  }

  @Test("a name that comes twice is refused")
  func duplicates() {
    let json = Array(#"{"type":"0x2","nonce":"0x1","nonce":"0x2"}"#.utf8)
    #expect(throws: EthereumError.answer(.duplicate("nonce"))) {
      try EthereumTransaction(json: json.span.bytes)
    }
  }

  @Test("an answer is told by its shape, in an envelope, a batch or bare")
  func recordedAnswers() throws {
    let hash = "0x" + String(repeating: "ab", count: 32)
    let block = #"{"hash":"\#(hash)","transactionsRoot":"0x","transactions":[{}]}"#
    let receipts = #"[{"blockHash":"\#(hash)","cumulativeGasUsed":"0x1"}]"#
    let logs = #"[{"blockHash":"\#(hash)","topics":[]}]"#
    let others =
      #"[{"blockHash":"\#(hash)","topics":[]},{"blockHash":"0x\#(String(repeating: "cd", count: 32))","topics":[]}]"#
    func contents(_ text: String) throws -> [RecordedAnswer.Content] {
      let bytes = Array(text.utf8)
      let answers = try RecordedAnswer.all(in: bytes.span.bytes)
      for answer in answers { #expect(answer.range.upperBound <= bytes.count) }
      return answers.map(\.content)
    }
    func envelope(_ result: String) -> String { #"{"jsonrpc":"2.0","id":1,"result":\#(result)}"# }
    let id = try Hash32(hex: hash.dropFirst(2))
    let known: [(String, RecordedAnswer.Content)] = [
      (block, .block(id, hasTransactions: true)),
      (block.replacing("{}", with: "\"0x1\""), .block(id, hasTransactions: false)),
      (receipts, .receipts(block: id)), (logs, .logs(block: id)), (others, .other),
      ("[]", .empty), ("null", .other), ("\"0x1\"", .other), ("{}", .other),
    ]
    for (text, content) in known {
      #expect(try contents(text) == [content])
      #expect(try contents(envelope(text)) == [content])
    }
    #expect(
      try contents("[\(envelope(block)),\(envelope(logs))]")
        == [.block(id, hasTransactions: true), .logs(block: id)])
    #expect(try contents(#"{"jsonrpc":"2.0","error":{"code":1}}"#) == [.other])
  }
}
