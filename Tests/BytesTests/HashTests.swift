import Testing

@testable import Bytes

@Suite("Hashes")
struct HashTests {
  let genesis = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"

  @Test("a block hash reads in display order and stands reversed in memory")
  func displayOrder() throws {
    let hash = try Hash32(displayHex: genesis)
    #expect(hash.displayHex == genesis)
    #expect(hash.bytes.first == 0x6f)
    #expect(hash.bytes.last == 0x00)
    #expect(hash.reversed.hex == genesis)
    #expect(hash.description == hash.hex)
    #expect(Hash32(hash.bytes) == hash)
  }

  @Test("a hash as a number is little-endian, as proof of work compares it")
  func number() throws {
    let hash = try Hash32(displayHex: String(repeating: "0", count: 61) + "abc")
    #expect(hash.littleEndianNumber == UInt256(0xabc))
  }

  @Test("hashes compare byte by byte from the first")
  func order() throws {
    let texts = [
      "00" + String(repeating: "ff", count: 31), "01" + String(repeating: "00", count: 31),
      "01" + String(repeating: "00", count: 30) + "01",
      String(repeating: "01", count: 24) + String(repeating: "00", count: 8),
    ]
    let hashes = try texts.map { try Hash32(hex: $0) }
    #expect(hashes.reversed().sorted() == hashes)
  }

  @Test("another length than 32 or 20 bytes is no hash")
  func wrongLength() {
    #expect(Hash32([UInt8](repeating: 0, count: 31)) == nil)
    #expect(Hash20([UInt8](repeating: 0, count: 21)) == nil)
    #expect(throws: Hex.DecodingError.wrongByteCount(1, expected: 32)) { try Hash32(hex: "00") }
    #expect(throws: Hex.DecodingError.wrongByteCount(1, expected: 20)) { try Hash20(hex: "00") }
  }

  @Test("a 20-byte hash keeps its bytes and needs no heap")
  func hash20() throws {
    let bytes = (1...20).map { UInt8($0) }
    let hash = try #require(Hash20(bytes))
    #expect(hash.bytes == bytes)
    #expect(hash.hex == Hex.encode(bytes))
    #expect(try Hash20(hex: hash.hex) == hash)
    #expect(hash.withUnsafeBytes { $0.count } == 20)
    #expect(MemoryLayout<Hash20>.size == 20)
    var appended: [UInt8] = [0]
    appended.append(hash)
    #expect(appended == [0] + bytes)
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 0x80
      #expect(Hash20(other) != hash)
    }
  }

  @Test("a hash can be read from the middle of a buffer")
  func unaligned() {
    let bytes = (0..<60).map { UInt8($0) }
    let expected20 = Array(bytes[3..<23])
    let expected32 = Array(bytes[7..<39])
    #expect(Hash20(bytes: bytes.span.bytes, at: 3).bytes == expected20)
    #expect(Hash32(bytes: bytes.span.bytes, at: 7).bytes == expected32)
  }
}
