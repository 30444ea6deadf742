import Bytes
import Digests
import Foundation
import TestSupport
import Testing

@testable import Keys

@Suite("Signatures")
struct SignatureTests {
  private struct Wycheproof: Decodable {
    struct Group: Decodable {
      struct Key: Decodable { let uncompressed: String }
      struct Case: Decodable {
        let tcId: Int
        let comment: String
        let msg: String
        let sig: String
        let result: String
      }
      let publicKey: Key
      let tests: [Case]
    }
    let testGroups: [Group]
  }

  @Test("ECDSA signatures are taken in one form, with a low s, and only where they are right")
  func wycheproof() throws {
    let vectors = try PackageFiles.vector(
      "keys/ecdsa_secp256k1_sha256_bitcoin_test.json", as: Wycheproof.self)
    var valid = 0
    var invalid = 0
    for group in vectors.testGroups {
      let key = try PublicKey(Hex.decode(group.publicKey.uncompressed))
      for test in group.tests {
        let hash = SHA256.hash(try Hex.decode(test.msg))
        let signature = ECDSASignature(der: try Hex.decode(test.sig))
        let isTaken = signature.map { key.verifies($0, over: hash) } ?? false
        #expect(isTaken == (test.result == "valid"), "\(test.tcId): \(test.comment)")
        if isTaken { valid += 1 } else { invalid += 1 }
      }
    }
    #expect(valid > 80 && invalid > 300)
  }

  @Test("Schnorr signatures are made and taken as BIP-0340's vectors say")
  func schnorrVectors() throws {
    let text = String(
      decoding: try PackageFiles.vector("bips/bip340-test-vectors.csv"), as: UTF8.self)
    // index, secret key, public key, aux_rand, message, signature, verification result, comment
    let rows = text.split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    var made = 0
    var taken = 0
    for row in rows {
      let message = try Hex.decode(row[4])
      let signature = try #require(SchnorrSignature(Hex.decode(row[5])))
      if !row[1].isEmpty {
        let key = try CurveTests.privateKey(String(row[1]))
        let auxiliary = try Hash32(hex: row[3])
        #expect(key.schnorrSignature(over: message, auxiliary: auxiliary) == signature)
        made += 1
      }
      let key = XOnlyPublicKey(try Hash32(hex: row[2]))
      let isTaken = key?.verifies(signature, over: message) ?? false
      #expect(isTaken == (row[6] == "TRUE"), "\(row[0]) \(row[7])")
      if isTaken { taken += 1 }
    }
    #expect(made == 8)
    #expect(taken == 9)
  }

  @Test("random keys' signatures have a low s, come back from DER, and fit nothing else")
  func randomSignatures() throws {
    var generator = SplitMix64(seed: 340)
    func number() throws -> Hash32 {
      try #require(Hash32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }
    for round in 0..<100 {
      let key = try PrivateKey(SecretBytes(copying: number().bytes.span.bytes))
      let hash = try number()
      let other = try number()
      let signature = key.ecdsaSignature(over: hash)
      #expect(signature == key.ecdsaSignature(over: hash), "round \(round)")
      #expect(signature.der.count <= ECDSASignature.maximumLowDERByteCount)
      #expect(ECDSASignature(der: signature.der) == signature)
      #expect(key.publicKey.verifies(signature, over: hash))
      #expect(!key.publicKey.verifies(signature, over: other))
      // The recoverable one has the same numbers.
      let recoverable = key.signature(over: hash)
      #expect(recoverable.r == signature.r && recoverable.s == signature.s && recoverable.isLow)
      #expect(recoverable.publicKey(signing: hash) == key.publicKey)
      var damaged = signature.der
      damaged[Int.random(in: damaged.indices, using: &generator)] ^= 1
      if let read = ECDSASignature(der: damaged) {
        #expect(!key.publicKey.verifies(read, over: hash))
      }
      let schnorr = key.schnorrSignature(over: hash, auxiliary: other)
      #expect(schnorr != key.schnorrSignature(over: hash, auxiliary: .zero))
      #expect(key.publicKey.xOnly.verifies(schnorr, over: hash))
      #expect(!key.publicKey.xOnly.verifies(schnorr, over: other))
      let tweaked = try #require(key.tapTweaked())
      #expect(tweaked.publicKey.xOnly == key.publicKey.xOnly.tapTweaked())
    }
    #expect(SchnorrSignature([UInt8](repeating: 1, count: 63)) == nil)
    #expect(ECDSASignature(der: []) == nil)
    #expect(ECDSASignature(der: [UInt8](repeating: 0x30, count: 73)) == nil)
  }

  private struct Wallet: Decodable {
    struct Spending: Decodable {
      struct Input: Decodable {
        struct Given: Decodable {
          let internalPrivkey: String
          let merkleRoot: String?
        }
        struct Intermediary: Decodable {
          let tweakedPrivkey: String
        }
        let given: Given
        let intermediary: Intermediary
      }
      let inputSpending: [Input]
    }
    let keyPathSpending: [Spending]
  }

  @Test("internal private keys are tweaked as BIP-0341's wallet vectors say")
  func tweakedPrivateKeys() throws {
    let vectors = try PackageFiles.vector(
      "bips/bip341-wallet-test-vectors.json", as: Wallet.self)
    let inputs = vectors.keyPathSpending.flatMap(\.inputSpending)
    #expect(inputs.count == 7)
    for input in inputs {
      let key = try CurveTests.privateKey(input.given.internalPrivkey)
      let root = try input.given.merkleRoot.map { try Hash32(hex: $0) }
      let tweaked = try #require(key.tapTweaked(merkleRoot: root))
      #expect(tweaked.withSecretBytes { Hex.encode($0) } == input.intermediary.tweakedPrivkey)
    }
  }
}
