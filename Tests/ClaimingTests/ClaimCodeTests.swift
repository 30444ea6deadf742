import Bytes
import Claiming
import Testing

@Suite("Claim codes")
struct ClaimCodeTests {
  @Test("80 random bits are 16 characters of Crockford's base32")
  func bits() {
    #expect(ClaimCode(random: (0, 0)).text == "0000000000000000")
    #expect(ClaimCode(random: (.max, .max)).text == "ZZZZZZZZZZZZZZZZ")
    // Only the lowest 16 bits of the second word count.
    #expect(ClaimCode(random: (0, 0x1_0000)).text == "0000000000000000")
    #expect(ClaimCode(random: (0, 33)).text == "0000000000000011")
    // 01234…: each character five bits, the first the highest.
    let word: UInt64 =
      0b00000_00001_00010_00011_00100_00101_00110_00111_01000_01001_01010_01011_0110
    #expect(ClaimCode(random: (word, 0b0_01101_01110_01111)).text == "0123456789ABCDEF")
    #expect(ClaimCode(random: (word, 0b0_01101_01110_01111)).grouped == "0123-4567-89AB-CDEF")
  }

  @Test(
    "a code is taken however people write it",
    arguments: [
      "0123-4567-89AB-CDEF", "0123456789abcdef", "o1234567-89aBcDeF", "OI23 4567 89ab cdef",
      "-0l23-4567-89AB-CDEF-", "  0i234567 89AB CDEF",
    ])
  func written(text: String) {
    #expect(ClaimCode(text)?.text == "0123456789ABCDEF")
  }

  @Test(
    "what can't be a code is none",
    arguments: [
      "", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "U123-4567-89AB-CDEF",
      "0123_4567_89AB_CDEF", "0123–4567–89AB–CDEF", "0123-4567-89AB-CDE\u{0}",
      "０123-4567-89AB-CDEF", String(repeating: "-", count: 60) + "0123456789ABCDEF",
    ])
  func unusable(text: String) {
    #expect(ClaimCode(text) == nil)
  }

  @Test("what is written is read again, whatever the bits", arguments: 1...50)
  func roundTrip(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let code = ClaimCode(random: (generator.next(), generator.next()))
    #expect(ClaimCode(code.grouped) == code)
    #expect(ClaimCode(code.text.lowercased()) == code)
    #expect(code.grouped.utf8.count == 19)
  }

  @Test("its digest is of one claim; its URI is short and in capitals")
  func digestAndURI() {
    let code = ClaimCode(random: (1, 2))
    #expect(code.digest(of: "clm_1") == ClaimCode(random: (1, 2)).digest(of: "clm_1"))
    #expect(code.digest(of: "clm_1") != code.digest(of: "clm_2"))
    #expect(code.digest(of: "clm_1") != ClaimCode(random: (1, 3)).digest(of: "clm_1"))
    #expect(code.uri(of: "clm_01h") == "PAYWATCH:CLM/01H/\(code.text)")
    // What a QR code holds in its compact mode (ISO/IEC 18004, table 5).
    let compact = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    #expect(Set(code.uri(of: "clm_01kdsnw5e9e1tbdz5jnp5ek2e0")).isSubset(of: compact))
  }

  @Test("no log line and no reflection tells it")
  func unspoken() {
    let code = ClaimCode(random: (1, 2))
    let issued = IssuedCode(claim: "clm_1", order: "ord_1", code: code)
    for text in ["\(code)", String(reflecting: code), "\(issued)", String(reflecting: issued)] {
      #expect(!text.contains(code.text) && !text.contains(code.grouped))
    }
    var dumped = ""
    dump(issued, to: &dumped)
    #expect(!dumped.contains(code.text))
  }
}
