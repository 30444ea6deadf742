import Bytes
import Digests
import Testing

@Suite("Comparisons in constant time")
struct ConstantTimeTests {
  @Test("equal is equal, and one bit anywhere is not")
  func bits() throws {
    let digest = SHA256.hash([1])
    #expect(ConstantTime.areEqual(digest, SHA256.hash([1])))
    for bit in 0..<256 {
      var bytes = digest.bytes
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(!ConstantTime.areEqual(digest, try #require(Hash32(bytes))))
    }
  }
}
