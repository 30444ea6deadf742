import Bytes
import ChainTypes
import Digests
import Foundation
import TestSupport
import Testing

@testable import Keys

@Suite("Mnemonics (BIP-0039)")
struct MnemonicTests {
  private struct Trezor: Decodable {
    let entropy: String
    let phrase: String
    let seed: String
    let xprv: String
  }

  private struct Ethers: Decodable {
    struct Node: Decodable {
      let path: String
      let chainCode: String
      let publicKey: String
      let privateKey: String
      let xpub: String?
      let xpriv: String?
    }

    let phrase: String
    let password: String
    let entropy: String
    let seed: String
    let nodes: [Node]
  }

  private static func secret(_ hex: some StringProtocol) throws -> SecretBytes {
    let bytes = try Hex.decode(hex)
    return SecretBytes(copying: bytes.span.bytes)
  }

  private static func bytes(_ hex: String) throws -> [UInt8] { try Hex.decode(hex.dropFirst(2)) }

  @Test("the word list is BIP-0039's")
  func wordList() throws {
    let text = String(decoding: try PackageFiles.vector("bips/bip39-english.txt"), as: UTF8.self)
    #expect(EnglishWords.words == text.split(separator: "\n").map(String.init))
    #expect(EnglishWords.words.count == 2048)
  }

  @Test("entropy gives words, words give entropy and seed, the seed its master key")
  func trezor() throws {
    let vectors = try PackageFiles.vector("keys/bip39-trezor-english.json", as: [Trezor].self)
    #expect(vectors.count == 24)
    for vector in vectors {
      let mnemonic = try Mnemonic(entropy: Self.secret(vector.entropy))
      #expect(mnemonic.secretPhrase == vector.phrase)
      let read = try Mnemonic(secretPhrase: vector.phrase)
      #expect(read.secretPhrase == vector.phrase)
      let seed = try read.seed(passphrase: "TREZOR")
      #expect(seed.withUnsafeBytes { Hex.encode($0) } == vector.seed)
      let master = try ExtendedPrivateKey(seed: seed)
      #expect(master.secretText(network: .mainnet) == vector.xprv)
    }
  }

  @Test("passphrases outside ASCII give the published seeds once they are in form NFKD")
  func ethers() throws {
    let vectors = try PackageFiles.vector("keys/mnemonics-english.json", as: [Ethers].self)
    #expect(vectors.count == 40)
    for vector in vectors {
      let phrase = String(decoding: try Self.bytes(vector.phrase), as: UTF8.self)
      let mnemonic = try Mnemonic(secretPhrase: phrase)
      let entropy = try Mnemonic(entropy: Self.secret(vector.entropy.dropFirst(2)))
      #expect(entropy.secretPhrase == phrase)
      let passphrase = String(decoding: try Self.bytes(vector.password), as: UTF8.self)
      let seed = mnemonic.seed(
        normalizedPassphrase: passphrase.decomposedStringWithCompatibilityMapping)
      #expect(seed.withUnsafeBytes { Hex.encode($0) } == vector.seed.dropFirst(2))
      let master = try ExtendedPrivateKey(seed: seed)
      for node in vector.nodes {
        let key = try master.descendant(DerivationPath(node.path))
        #expect(key.chainCode.hex == node.chainCode.dropFirst(2))
        #expect(key.extendedPublicKey.key.description == node.publicKey.dropFirst(2))
        if let xpub = node.xpub {
          #expect(key.extendedPublicKey.text(network: .mainnet) == xpub)
        }
        if let xpriv = node.xpriv { #expect(key.secretText(network: .mainnet) == xpriv) }
      }
    }
  }

  @Test("words as bytes are the same words, in capitals or not and with any white space")
  func secretBytes() throws {
    let vectors = try PackageFiles.vector("keys/bip39-trezor-english.json", as: [Trezor].self)
    let passphrase = SecretBytes(copying: Array("TREZOR".utf8).span.bytes)
    for vector in vectors {
      let typed = " " + vector.phrase.uppercased().replacing(" ", with: " \t ") + "\r\n"
      let mnemonic = try Mnemonic(
        secretPhrase: SecretBytes(copying: Array(typed.utf8).span.bytes))
      #expect(mnemonic.secretPhrase == vector.phrase)
      let seed = mnemonic.seed(normalizedPassphrase: passphrase)
      #expect(seed.withUnsafeBytes { Hex.encode($0) } == vector.seed)
    }
    func error(_ text: String) -> Mnemonic.ParsingError? {
      #expect(throws: Mnemonic.ParsingError.self) {
        try Mnemonic(secretPhrase: SecretBytes(copying: Array(text.utf8).span.bytes))
      }
    }
    #expect(error("") == .wrongWordCount(0))
    #expect(error(String(repeating: "zoo ", count: 11) + "zoö") == .unknownWord(position: 12))
    let long = String(repeating: "x", count: 4_000)
    #expect(error(long + String(repeating: " zoo", count: 11)) == .unknownWord(position: 1))
  }

  @Test("a passphrase outside ASCII isn't taken as it comes")
  func passphrase() throws {
    let mnemonic = try Mnemonic(entropy: SecretBytes(byteCount: 16) { _ in })
    #expect(throws: Mnemonic.ParsingError.passphraseNotASCII) {
      try mnemonic.seed(passphrase: "café")
    }
  }

  @Test("wrong words are refused by place, and no error repeats a word")
  func invalid() {
    let good = Array(repeating: "abandon", count: 11)
    func error(_ words: [String]) -> Mnemonic.ParsingError? {
      #expect(throws: Mnemonic.ParsingError.self) {
        try Mnemonic(secretPhrase: words.joined(separator: " "))
      }
    }
    #expect(error(good + ["abandon"]) == .wrongChecksum)
    #expect(error(good) == .wrongWordCount(11))
    #expect(error([]) == .wrongWordCount(1))
    #expect(error(good + ["bitcoin"]) == .unknownWord(position: 12))
    #expect(error(["Abandon"] + good.dropFirst() + ["about"]) == .unknownWord(position: 1))
    #expect(error(good.dropLast() + ["", "about"]) == .unknownWord(position: 11))
    #expect(error(Array(repeating: "abandon", count: 27)) == .wrongWordCount(27))
  }

  @Test("entropy of another length than 16, 20, 24, 28 or 32 bytes is refused")
  func entropyLength() throws {
    for count in 0...40 {
      let entropy = SecretBytes(byteCount: count) { _ in }
      if [16, 20, 24, 28, 32].contains(count) {
        let mnemonic = try Mnemonic(entropy: entropy)
        let words = mnemonic.secretPhrase.split(separator: " ").count
        #expect(words == count * 3 / 4)
        #expect(mnemonic.description == "<mnemonic of \(words) words>")
      } else {
        #expect(throws: Mnemonic.ParsingError.wrongEntropyLength(bytes: count)) {
          try Mnemonic(entropy: entropy)
        }
      }
    }
  }
}
