import Bytes
import Digests
import Testing

@Suite("sealed secrets")
struct SealingTests {
  private static func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
  }

  private static func bytes(_ secret: SecretBytes?) -> [UInt8]? {
    secret?.withUnsafeBytes { Array($0) }
  }

  @Test("scrypt gives RFC 7914's keys")
  func scrypt() throws {
    // Section 12; the last of its vectors wants a gibibyte and seconds.
    let vectors: [(String, String, UInt64, UInt64, UInt64, String)] = [
      (
        "", "", 16, 1, 1,
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
          + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
      ),
      (
        "password", "NaCl", 1_024, 8, 16,
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
          + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
      ),
      (
        "pleaseletmein", "SodiumChloride", 16_384, 8, 1,
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
          + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
      ),
    ]
    for (password, salt, cost, blockSize, parallelism, expected) in vectors {
      let scrypt = try #require(
        Scrypt(cost: cost, blockSize: blockSize, parallelism: parallelism))
      let key = scrypt.key(
        password: Self.secret(Array(password.utf8)), salt: Array(salt.utf8), byteCount: 64)
      #expect(Self.bytes(key).map { Hex.encode($0) } == expected)
    }
  }

  @Test("scrypt's parameters are bounded before they take memory")
  func scryptBounds() {
    #expect(Scrypt(cost: 1 << 20, blockSize: 8, parallelism: 1) != nil)
    let refused: [(UInt64, UInt64, UInt64)] = [
      (0, 8, 1), (1, 8, 1), (3, 8, 1), (1 << 25, 8, 1), (1 << 20, 9, 1), (1 << 20, 32, 1),
      (16, 0, 1), (16, 33, 1), (16, 8, 0), (16, 8, 17), (.max, .max, .max), (1 << 63, 8, 1),
    ]
    for (cost, blockSize, parallelism) in refused {
      #expect(Scrypt(cost: cost, blockSize: blockSize, parallelism: parallelism) == nil)
    }
    let empty = Self.secret([])
    let small = Scrypt(cost: 2, blockSize: 1, parallelism: 1)
    #expect(small?.key(password: empty, salt: [], byteCount: 0) == nil)
    #expect(small?.key(password: empty, salt: [], byteCount: 1_025) == nil)
  }

  @Test("AES-256-GCM gives the bytes of its specification, and the secret again")
  func aes() throws {
    // McGrew and Viega, “The Galois/Counter Mode of Operation”, appendix B, test case 16.
    let key = Self.secret(
      try Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
    let nonce = try Hex.decode("cafebabefacedbaddecaf888")
    let context = try Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    let plaintext = try Hex.decode(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    let sealed = try #require(
      AES256GCM.seal(Self.secret(plaintext), key: key, nonce: nonce, context: context))
    #expect(
      Hex.encode(sealed.ciphertext)
        == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662")
    #expect(Hex.encode(sealed.tag) == "76fc6ece0f4e1768cddf8853bb2d551b")
    let opened = AES256GCM.open(sealed, key: key, nonce: nonce, context: context)
    #expect(Self.bytes(opened) == plaintext)
  }

  @Test("a sealed secret opens for its own key, nonce and context alone, and unchanged")
  func tampering() throws {
    let key = [UInt8](repeating: 7, count: 32)
    let nonce = [UInt8](repeating: 9, count: 12)
    let sealed = try #require(
      AES256GCM.seal(
        Self.secret([1, 2, 3]), key: Self.secret(key), nonce: nonce, context: [5]))
    func opens(
      _ sealed: AES256GCM.Sealed, _ key: [UInt8], _ nonce: [UInt8], _ context: [UInt8]
    ) -> Bool {
      AES256GCM.open(sealed, key: Self.secret(key), nonce: nonce, context: context) != nil
    }
    #expect(opens(sealed, key, nonce, [5]))
    #expect(!opens(sealed, key.map { $0 ^ 1 }, nonce, [5]))
    #expect(!opens(sealed, key, nonce.map { $0 ^ 1 }, [5]))
    #expect(!opens(sealed, key, nonce, [6]) && !opens(sealed, key, nonce, []))
    #expect(!opens(sealed, Array(key.dropLast()), nonce, [5]))
    #expect(!opens(sealed, key, nonce + [0], [5]))
    for index in 0..<3 {
      var changed = sealed.ciphertext
      changed[index] ^= 0x80
      #expect(!opens(.init(ciphertext: changed, tag: sealed.tag), key, nonce, [5]))
    }
    for index in 0..<16 {
      var tag = sealed.tag
      tag[index] ^= 1
      #expect(!opens(.init(ciphertext: sealed.ciphertext, tag: tag), key, nonce, [5]))
    }
    #expect(
      !opens(.init(ciphertext: sealed.ciphertext, tag: sealed.tag.dropLast()), key, nonce, [5]))
  }
}

extension AES256GCM.Sealed {
  fileprivate init(ciphertext: [UInt8], tag: ArraySlice<UInt8>) {
    self.init(ciphertext: ciphertext, tag: Array(tag))
  }
}
