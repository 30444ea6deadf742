import Bytes
import Ethereum
import JSON
import TestSupport
import Testing

@Suite("RLP")
struct RLPTests {
  /// The Ethereum project's vectors write strings as text, numbers bare, and big numbers behind
  /// `#`.
  private static func value(_ json: JSONValue) throws -> RLPValue {
    switch json {
    case .array(let members): return .list(try members.map(value))
    case .string("#\(UInt256.max.decimal.dropLast())6"):
      // 2^256, which no integer here can be.
      return .string([1] + [UInt8](repeating: 0, count: 32))
    case .string(let text) where text.hasPrefix("#"):
      return .string(minimal(try UInt256(decimal: text.dropFirst())))
    case .string(let text): return .string(Array(text.utf8))
    case .number(let text): return .string(minimal(try UInt256(decimal: text)))
    default: throw UnexpectedVector()
    }
  }

  private static func minimal(_ number: UInt256) -> [UInt8] {
    Array(number.bigEndianBytes.drop { $0 == 0 })
  }

  @Test("the Ethereum project's vectors encode and decode")
  func projectVectors() throws {
    let vectors = try Vectors.members("ethereum/rlp/rlptest.json")
    #expect(vectors.count > 25)
    for vector in vectors {
      let bytes = try Hex.prefixed(vector.value["out"]?.string)
      let value = try Self.value(#require(vector.value["in"]))
      #expect(value.encoded == bytes, "\(vector.name)")
      // One vector nests deeper than any structure here.
      #expect(try RLPValue(decoding: bytes) == value, "\(vector.name)")
    }
  }

  @Test("the Ethereum project's invalid vectors are refused")
  func invalidVectors() throws {
    let vectors = try Vectors.members("ethereum/rlp/invalidRLPTest.json")
    #expect(vectors.count > 20)
    for vector in vectors {
      let bytes = try Hex.prefixed(vector.value["out"]?.string)
      #expect(throws: RLPError.self, "\(vector.name)") { try RLPValue(decoding: bytes) }
    }
  }

  @Test("ethers' vectors encode and decode")
  func ethersVectors() throws {
    func value(_ json: JSONValue) throws -> RLPValue {
      if let members = json.elements { return .list(try members.map(value)) }
      return .string(try Hex.prefixed(json.string))
    }
    let vectors = try Vectors.elements("ethereum/rlp/ethers-rlp.json")
    #expect(vectors.count == 61)
    for vector in vectors {
      let bytes = try Hex.prefixed(vector["encoded"]?.string)
      let decoded = try value(#require(vector["decoded"]))
      #expect(decoded.encoded == bytes)
      #expect(try RLPValue(decoding: bytes) == decoded)
    }
  }

  @Test("random trees come back from their encoding, and no byte of it can be cut or added")
  func randomTrees() throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<300 {
      let value = Self.randomValue(depth: 4, random: &random)
      let bytes = value.encoded
      #expect(try RLPValue(decoding: bytes) == value)
      #expect(throws: RLPError.self) { try RLPValue(decoding: bytes + [0x80]) }
      if !bytes.isEmpty {
        #expect(throws: RLPError.self) { try RLPValue(decoding: bytes.dropLast()) }
      }
    }
  }

  @Test("bytes that decode are the encoding of what they decode to")
  func decodingIsCanonical() throws {
    var random = SplitMix64(seed: 2)
    var accepted = 0
    for _ in 0..<8_000 {
      var bytes = Self.randomValue(depth: 2, random: &random).encoded
      bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
      guard let value = try? RLPValue(decoding: bytes) else { continue }
      accepted += 1
      #expect(value.encoded == bytes)
    }
    #expect(accepted > 100)
  }

  private static func randomValue(depth: Int, random: inout SplitMix64) -> RLPValue {
    if depth > 0, Bool.random(using: &random) {
      let count = Int.random(in: 0...4, using: &random)
      return .list((0..<count).map { _ in randomValue(depth: depth - 1, random: &random) })
    }
    let counts = [0, 1, 1, 2, 20, 32, 54, 55, 56, 57, 255, 256, 300]
    let count = counts.randomElement(using: &random) ?? 0
    return .string((0..<count).map { _ in .random(in: 0...255, using: &random) })
  }

  @Test("integers have no zeros in front, and fit their field")
  func integers() throws {
    func read64(_ bytes: [UInt8]) throws(RLPError) -> UInt64 {
      var reader = RLPReader(bytes.span.bytes)
      let value = try reader.readUInt64()
      try reader.expectEnd()
      return value
    }
    #expect(try read64([0x80]) == 0)
    #expect(try read64([0x7f]) == 127)
    #expect(try read64([0x88] + [UInt8](repeating: 0xff, count: 8)) == .max)
    #expect(throws: RLPError.leadingZero(offset: 0)) { try read64([0x00]) }
    #expect(throws: RLPError.leadingZero(offset: 0)) { try read64([0x82, 0x00, 0x80]) }
    #expect(throws: RLPError.tooLarge(offset: 0)) {
      try read64([0x89] + [UInt8](repeating: 0xff, count: 9))
    }
    #expect(throws: RLPError.notShortest(offset: 0)) { try read64([0x81, 0x7f]) }
    #expect(throws: RLPError.expectedString(offset: 0)) { try read64([0xc0]) }
    #expect(throws: RLPError.trailing(offset: 1)) { try read64([0x01, 0x01]) }

    var random = SplitMix64(seed: 3)
    for bits in 0..<256 {
      let value = UInt256(random.next() | 1).shiftedLeft(by: bits)
      var writer = RLPWriter()
      writer.append(value)
      #expect(writer.bytes == RLPValue.string(Self.minimal(value)).encoded)
      let bytes = writer.bytes
      var reader = RLPReader(bytes.span.bytes)
      #expect(try reader.readUInt256() == value)
    }
  }

  @Test("deep nesting is refused before it can exhaust the stack")
  func depth() {
    #expect(throws: RLPError.self) {
      try RLPValue(decoding: Self.nested(times: 17))
    }
    #expect(throws: Never.self) { try RLPValue(decoding: Self.nested(times: 16)) }
    #expect(throws: RLPError.self) { try RLPValue(decoding: Self.nested(times: 20_000)) }
  }

  private static func nested(times: Int) -> [UInt8] {
    var writer = RLPWriter()
    let lists = (0..<times).map { _ in writer.openList() }
    for list in lists.reversed() { writer.closeList(list) }
    return writer.bytes
  }

  @Test("a length close to 2^64 is refused, whatever is left")
  func hugeLengths() {
    for prefix in [0xbf, 0xff] as [UInt8] {
      let bytes = [prefix] + [UInt8](repeating: 0xff, count: 8) + [1, 2, 3]
      #expect(throws: RLPError.endOfBytes(offset: 0)) { try RLPValue(decoding: bytes) }
    }
  }
}
