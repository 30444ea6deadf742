import Bytes
import Foundation
import Testing

@Suite("Base64")
struct Base64Tests {
  @Test("RFC 4648's examples are written and read")
  func examples() {
    let examples = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, text) in examples {
      #expect(Base64.encode(Array(plain.utf8)) == text)
      #expect(Base64.decode(text) == Array(plain.utf8))
    }
  }

  @Test("random bytes are written as Foundation writes them, and come back")
  func random() {
    var generator = SplitMix64(seed: 64)
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let text = Base64.encode(bytes)
      #expect(text == Data(bytes).base64EncodedString())
      #expect(Base64.decode(text) == bytes)
    }
  }

  @Test("other characters, padding in the wrong place and bits left over are refused")
  func refused() {
    for text in [
      "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm9v\n", "Zg==Zg==", "Zm-v", "Zm_v",
      "Zm 9", "Z=9v", "=m9v", "Zmü",
    ] {
      #expect(Base64.decode(text) == nil, "\(text)")
    }
  }
}
