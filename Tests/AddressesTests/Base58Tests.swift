import Bytes
import TestSupport
import Testing

@testable import Addresses

@Suite("Base58")
struct Base58Tests {
  @Test("Bitcoin Core's texts and bytes stand for each other")
  func publishedVectors() throws {
    let vectors = try PackageFiles.vector(
      "addresses/base58_encode_decode.json", as: [[String]].self)
    #expect(vectors.count > 10)
    for vector in vectors {
      let bytes = try Hex.decode(vector[0])
      #expect(Base58.encode(bytes) == vector[1])
      #expect(try Base58.decode(vector[1], maximumCharacters: 400) == bytes)
    }
  }

  @Test("random bytes survive the way there and back, leading zeros too")
  func roundTrip() throws {
    var random = SplitMix64(seed: 58)
    for count in 0..<120 {
      for zeros in [0, 1, 5] {
        let drawn = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let bytes = [UInt8](repeating: 0, count: zeros) + drawn
        #expect(try Base58.decode(Base58.encode(bytes), maximumCharacters: 200) == bytes)
        #expect(
          try Base58Check.decode(Base58Check.encode(bytes), maximumCharacters: 200) == bytes)
      }
    }
  }

  @Test("a character that isn't of the alphabet is told with its place")
  func invalidCharacter() {
    for character in ["0", "O", "I", "l", " ", "é"] {
      #expect(
        throws: Base58.DecodingError.invalidCharacter(Array(character.utf8)[0], offset: 2)
      ) { try Base58.decode("ab\(character)", maximumCharacters: 10) }
    }
  }

  @Test("a text over the bound costs nothing and is told with its length")
  func tooLong() {
    let text = String(repeating: "z", count: 100_000)
    #expect(throws: Base58.DecodingError.tooLong(characters: 100_000, allowed: 112)) {
      try Base58.decode(text, maximumCharacters: 112)
    }
  }

  @Test("a wrong or missing checksum is refused")
  func checksum() {
    #expect(throws: Base58Check.DecodingError.wrongChecksum) {
      try Base58Check.decode("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", maximumCharacters: 90)
    }
    #expect(throws: Base58Check.DecodingError.tooShort(bytes: 3)) {
      try Base58Check.decode("a3gV", maximumCharacters: 90)
    }
  }
}
