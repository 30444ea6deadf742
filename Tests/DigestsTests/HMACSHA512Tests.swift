import Bytes
import Testing

@testable import Digests

@Suite("HMAC-SHA512")
struct HMACSHA512Tests {
  /// RFC 4231, test cases 1, 2, 3, 6 and 7: key, message, code.
  private static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
    (
      [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
      """
      87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
      daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854
      """
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      """
      164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
      9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737
      """
    ),
    (
      [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
      """
      fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39\
      bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb
      """
    ),
    (
      [UInt8](repeating: 0xaa, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      """
      80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
      6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598
      """
    ),
    (
      [UInt8](repeating: 0xaa, count: 131),
      Array(
        """
        This is a test using a larger than block-size key and a larger than block-size data. The \
        key needs to be hashed before being used by the HMAC algorithm.
        """.utf8),
      """
      e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944\
      b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58
      """
    ),
  ]

  @Test("the codes of RFC 4231 come out, however often a key is used")
  func rfc4231() {
    for vector in Self.vectors {
      let hmac = HMACSHA512(key: vector.key.span.bytes)
      for _ in 0..<2 {
        #expect(hmac.code(for: vector.message.span.bytes).hex == vector.code)
        let secret = hmac.secretCode(for: vector.message.span.bytes)
        #expect(secret.withUnsafeBytes { Hex.encode($0) } == vector.code)
      }
    }
  }

  @Test("a key of 32 bytes as a hash is the same key")
  func hashKey() {
    let key = SHA256.hash([7])
    let message: [UInt8] = [1, 2]
    #expect(
      HMACSHA512(key: key).code(for: message.span.bytes)
        == HMACSHA512(key: key.bytes.span.bytes).code(for: message.span.bytes))
  }

  @Test("PBKDF2 is the exclusive or of chained codes, and refuses senseless numbers")
  func pbkdf2() throws {
    let password = SecretBytes(copying: Array("password".utf8).span.bytes)
    let salt = SecretBytes(copying: Array("salt".utf8).span.bytes)
    let derived = try #require(
      PBKDF2.sha512(password: password, salt: salt, iterations: 3, byteCount: 64))
    let hmac = HMACSHA512(key: Array("password".utf8).span.bytes)
    var block = Array("salt".utf8) + [0, 0, 0, 1]
    var expected = [UInt8](repeating: 0, count: 64)
    for _ in 0..<3 {
      block = hmac.code(for: block.span.bytes).bytes
      for index in 0..<64 { expected[index] ^= block[index] }
    }
    #expect(derived.withUnsafeBytes { Array($0) } == expected)
    for (iterations, byteCount) in [(0, 64), (-1, 64), (1, 0), (Int.max, 64)] {
      #expect(
        PBKDF2.sha512(
          password: password, salt: salt, iterations: iterations, byteCount: byteCount) == nil)
    }
  }
}
