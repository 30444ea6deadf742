import Addresses
import Bytes
import ChainTypes
import Digests
import Keys
import TestSupport
import Testing

@testable import Bitcoin

@Suite("Signed messages (BIP-0322)")
struct MessageSignatureTests {
  struct Vectors: Decodable {
    struct Hashes: Decodable {
      let message, address, messageHash, toSpend, toSign: String

      enum CodingKeys: String, CodingKey {
        case message, address
        case messageHash = "message_hash"
        case toSpend = "to_spend_tx_hash"
        case toSign = "to_sign_tx_hash"
      }
    }
    struct Simple: Decodable {
      let message, address, type: String
      let privateKeys, signatures: [String]

      enum CodingKeys: String, CodingKey {
        case message, address, type
        case privateKeys = "private_keys"
        case signatures = "bip322_signatures"
      }
    }
    struct Refused: Decodable {
      let description, message, address, signature: String
    }
    let hashes: [Hashes]?
    let simple: [Simple]
    let error: [Refused]?

    enum CodingKeys: String, CodingKey {
      case hashes = "tx_hashes"
      case simple, error
    }
  }

  private func vectors() throws -> [Vectors] {
    try ["bip322-basic-test-vectors.json", "bip322-generated-test-vectors.json"].map {
      try PackageFiles.vector("bips/" + $0, as: Vectors.self)
    }
  }

  private func output(_ address: String) throws -> OutputScript {
    try BitcoinAddress(address, network: .mainnet).output
  }

  /// A private key in its Base58Check form (WIF): a version, 32 bytes, and 01 for a compressed key.
  private func key(_ text: String) throws -> PrivateKey {
    let bytes = try Base58Check.decode(text, maximumCharacters: 60)
    return try PrivateKey(SecretBytes(copying: Array(bytes[1..<33]).span.bytes))
  }

  @Test("the hash of a message and both transactions are the BIP's")
  func hashes() throws {
    let vectors = try #require(try vectors().compactMap(\.hashes).first)
    #expect(vectors.count == 3)
    for vector in vectors {
      let message = Array(vector.message.utf8)
      #expect(MessageSignature.hash(of: message).hex == vector.messageHash)
      let challenge = MessageSignature.challenge(message, try output(vector.address))
      let toSign = challenge.transaction
      #expect(toSign.inputs[0].outpoint.txid.displayHex == vector.toSpend)
      #expect(toSign.txid.displayHex == vector.toSign)
    }
  }

  @Test("the BIP's simple signatures are valid, and made again by their keys")
  func simple() throws {
    var types: [String: Int] = [:]
    for vector in try vectors().flatMap(\.simple) {
      let script = try output(vector.address)
      for text in vector.signatures {
        let signature = try MessageSignature(text)
        #expect(signature.verification(of: vector.message, by: script) == .valid, "\(text)")
        #expect(signature.verification(of: vector.message + " ", by: script) == .invalid)
        #expect(text.hasSuffix(signature.text.dropFirst(3)))
        let other = OutputScript.p2wpkh(Hash20())
        #expect(signature.verification(of: vector.message, by: other) == .invalid)
        #expect(signature.verification(of: vector.message, by: .p2sh(Hash20())) == .unknown)
        types[vector.type, default: 0] += 1
      }
      guard vector.privateKeys.count == 1, vector.type == "p2wpkh" || vector.type == "p2tr" else {
        continue
      }
      let key = try key(vector.privateKeys[0])
      let message = Array(vector.message.utf8)
      let own = try #require(MessageSignature(of: message, by: script, key: key))
      #expect(own.verification(of: vector.message, by: script) == .valid)
      // The vectors' Schnorr signatures have nonces of another kind than BIP-0340's.
      let isPublished = vector.signatures.contains {
        $0.hasSuffix(own.text.dropFirst(3))
      }
      #expect(isPublished == (vector.type == "p2wpkh"))
      #expect(try MessageSignature(own.text) == own)
      #expect(MessageSignature(of: message, by: .p2wpkh(Hash20()), key: key) == nil)
      #expect(MessageSignature(of: message, by: .p2tr(.zero), key: key) == nil)
      #expect(MessageSignature(of: message, by: .p2pkh(Hash20()), key: key) == nil)
    }
    #expect(types["p2wpkh"] == 5 && types["p2tr"] == 2, "\(types)")
    #expect(types["p2wsh-multisig-3of3"] == 2 && types["p2wsh-multisig-2of2"] == 1, "\(types)")
  }

  @Test("what the BIP calls wrong isn't valid")
  func refused() throws {
    let vectors = try #require(try vectors().compactMap(\.error).first)
    #expect(vectors.count > 7)
    for vector in vectors {
      guard let signature = try? MessageSignature(vector.signature) else { continue }
      let verification = signature.verification(
        of: vector.message, by: try output(vector.address))
      #expect(verification == .invalid, "\(vector.description)")
    }
  }

  @Test("texts that hold no witness are refused")
  func texts() throws {
    #expect(throws: MessageSignature.ParsingError.notBase64) {
      try MessageSignature("not-valid-base64!!!")
    }
    #expect(throws: MessageSignature.ParsingError.notAWitness) { try MessageSignature("") }
    #expect(throws: MessageSignature.ParsingError.notAWitness) { try MessageSignature("smpAA==") }
    #expect(throws: MessageSignature.ParsingError.notAWitness) { try MessageSignature("smpAQE=") }
    #expect(throws: MessageSignature.ParsingError.tooLong(characters: 5000)) {
      try MessageSignature(String(repeating: "A", count: 5000))
    }
  }
}
