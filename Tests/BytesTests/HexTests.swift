import Testing

@testable import Bytes

@Suite("Hex")
struct HexTests {
  @Test("every byte survives the way there and back, in both cases")
  func roundTrip() throws {
    let bytes = (0...255).map { UInt8($0) }
    let text = Hex.encode(bytes)
    #expect(text.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
    #expect(try Hex.decode(text) == bytes)
    #expect(try Hex.decode(text.uppercased()) == bytes)
    #expect(try Hex.decode("").isEmpty)
  }

  @Test("an odd number of digits is told with its count")
  func oddLength() {
    #expect(throws: Hex.DecodingError.oddLength(3)) { try Hex.decode("abc") }
  }

  @Test("a character that is no digit is told with its place")
  func invalidDigit() {
    #expect(throws: Hex.DecodingError.invalidDigit(0x67, offset: 3)) { try Hex.decode("abcg") }
    #expect(throws: Hex.DecodingError.invalidDigit(0x20, offset: 0)) { try Hex.decode(" a") }
    // "é" is two bytes, so it reaches the digits, not the length check.
    #expect(throws: Hex.DecodingError.invalidDigit(0xc3, offset: 0)) { try Hex.decode("é") }
  }
}
