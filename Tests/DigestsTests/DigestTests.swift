import Bytes
import Synchronization
import TestSupport
import Testing

@testable import Digests

@Suite("Digests")
struct DigestTests {
  private struct HashVector: Decodable {
    let data: String
    let sha256: String
    let sha512: String
    let ripemd160: String
    let keccak256: String
  }

  @Test("SHA-256, SHA-512, RIPEMD-160 and Keccak-256 give the published digests")
  func publishedDigests() throws {
    let vectors = try PackageFiles.vector("keys/hashes.json", as: [HashVector].self)
    #expect(vectors.count == 257)
    for vector in vectors {
      let data = try Hex.decode(vector.data)
      #expect(SHA256.hash(data).hex == vector.sha256)
      #expect(SHA512.hash(data).hex == vector.sha512)
      #expect(RIPEMD160.hash(data).hex == vector.ripemd160)
      #expect(Keccak256.hash(data).hex == vector.keccak256)
      #expect(HASH160.hash(data) == RIPEMD160.hash(SHA256.hash(data).bytes))
    }
  }

  @Test("RIPEMD-160 gives the digests of its authors' page")
  func ripemd160() {
    // homes.esat.kuleuven.be/~bosselae/ripemd160.html
    let vectors = [
      "": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
      "a": "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe",
      "abc": "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
      "message digest": "5d0689ef49d2fae572b881b123a85ffa21595f36",
    ]
    for (text, digest) in vectors { #expect(RIPEMD160.hash(Array(text.utf8)).hex == digest) }
  }

  @Test("messages of every length up to 1,200 bytes have the digests that Python's hashlib gives")
  func lengths() {
    let digests = (0...1_200).map { length in
      SHA256.hash((0..<length).map { UInt8(truncatingIfNeeded: $0) })
    }
    // Of the digests of 0, 1, 2, … in so many bytes, one behind the other.
    #expect(
      SHA256.hash(digests.flatMap(\.bytes)).hex
        == "da4d6801d9f9dc078a22c5f5f36753e3c0550a5f267a6f84a450d522b29607a5")
  }

  @Test("a hasher fed piece by piece gives the digest of the whole")
  func pieces() {
    let bytes = (0..<1_300).map { UInt8(truncatingIfNeeded: $0) }
    for cut in [0, 1, 63, 64, 127, 128, 129, 299, 1_015, 1_016, 1_299, 1_300] {
      var sha256 = SHA256()
      var sha512 = SHA512()
      for part in [Array(bytes[..<cut]), Array(bytes[cut...])] {
        sha256.update(part.span.bytes)
        sha512.update(part.span.bytes)
      }
      #expect(sha256.finalize() == SHA256.hash(bytes))
      #expect(sha512.finalize() == SHA512.hash(bytes))
      let (first, second) = (bytes[..<cut], bytes[cut...])
      let middle = Array(second.prefix(100))
      let last = Array(second.dropFirst(100))
      #expect(
        SHA256d.hash(Array(first).span.bytes, middle.span.bytes, last.span.bytes)
          == SHA256.hash(SHA256.hash(bytes).bytes))
    }
  }

  @Test("the parent of two merkle nodes is the hash of their 64 bytes")
  func merkleNode() {
    let left = SHA256.hash([1])
    let right = SHA256.hash([2])
    #expect(SHA256d.hash(left, right) == SHA256d.hash(left.bytes + right.bytes))
  }

  @Test("a tagged hash is SHA-256 behind the tag's hash twice (BIP-0340)")
  func taggedHash() {
    let tag = SHA256.hash(Array("TapTweak".utf8)).bytes
    let message: [UInt8] = [1, 2, 3]
    #expect(TaggedHash.tapTweak.hash(message) == SHA256.hash(tag + tag + message))
    var hasher = TaggedHash.tapTweak.hasher()
    hasher.update(message.span.bytes)
    #expect(hasher.finalize() == TaggedHash.tapTweak.hash(message))
  }

  @Test("secret bytes never show what they are")
  func secretBytesAreRedacted() {
    let secret = SecretBytes(copying: Array("hunter2".utf8).span.bytes)
    #expect(secret.withUnsafeBytes { Array($0) } == Array("hunter2".utf8))
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), dumped] {
      #expect(!text.contains("hunter2") && !text.contains("104"))
    }
  }

  @Test("secret bytes are overwritten before their memory is given back")
  func secretBytesAreErased() {
    let released = Mutex<[[UInt8]]>([])
    func hold() -> [UInt8] {
      let secret = SecretBytes(
        byteCount: 7,
        release: { buffer in
          released.withLock { $0.append(Array(buffer)) }
          buffer.deallocate()
        },
        fill: { $0.copyBytes(from: "hunter2".utf8) })
      return secret.withUnsafeBytes { Array($0) }
    }
    #expect(hold() == Array("hunter2".utf8))
    #expect(released.withLock { $0 } == [[UInt8](repeating: 0, count: 7)])
  }

  @Test("memory that held a secret is overwritten where its holder says so")
  func erased() {
    var bytes = Array("hunter2".utf8)
    bytes.withUnsafeMutableBytes { SecretBytes.erase($0) }
    #expect(bytes == [UInt8](repeating: 0, count: 7))
  }
}
