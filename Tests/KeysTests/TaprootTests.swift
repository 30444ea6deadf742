import Addresses
import Bytes
import ChainTypes
import Foundation
import TestSupport
import Testing

@testable import Keys

@Suite("Taproot output keys (BIP-0341)")
struct TaprootTests {
  private struct Vectors: Decodable {
    struct Case: Decodable {
      struct Given: Decodable { let internalPubkey: String }
      struct Intermediary: Decodable {
        let merkleRoot: String?
        let tweakedPubkey: String
      }
      struct Expected: Decodable {
        let scriptPubKey: String
        let bip350Address: String
      }

      let given: Given
      let intermediary: Intermediary
      let expected: Expected
    }

    let scriptPubKey: [Case]
  }

  @Test("internal keys and merkle roots give the published output keys and addresses")
  func walletVectors() throws {
    let vectors = try PackageFiles.vector(
      "bips/bip341-wallet-test-vectors.json", as: Vectors.self)
    #expect(vectors.scriptPubKey.count == 7)
    for vector in vectors.scriptPubKey {
      let internalKey = try #require(
        XOnlyPublicKey(Hash32(hex: vector.given.internalPubkey)))
      let root = try vector.intermediary.merkleRoot.map { try Hash32(hex: $0) }
      let output = try #require(internalKey.tapTweaked(merkleRoot: root))
      #expect(output.description == vector.intermediary.tweakedPubkey)
      let script = OutputScript.p2tr(output.bytes)
      #expect(Hex.encode(script.scriptPubKey) == vector.expected.scriptPubKey)
      #expect(
        BitcoinAddress(script, network: .mainnet).text == vector.expected.bip350Address)
    }
  }

  @Test("secret keys have the x coordinates of BIP-0340, and its keys off the curve are refused")
  func xOnlyVectors() throws {
    let text = String(
      decoding: try PackageFiles.vector("bips/bip340-test-vectors.csv"), as: UTF8.self)
    // index, secret key, public key, aux_rand, message, signature, verification result, comment
    let rows = text.split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows.count == 19)
    var secrets = 0
    var invalid = 0
    for row in rows {
      let bytes = try Hash32(hex: row[2])
      if !row[1].isEmpty {
        let key = try CurveTests.privateKey(String(row[1])).publicKey.xOnly
        #expect(key.bytes == bytes)
        secrets += 1
      }
      let isInvalid =
        row[7].contains("public key not on the curve")
        || row[7].contains("exceeds")
          && row[7].contains("public key")
      #expect(XOnlyPublicKey.isValid(bytes) == !isInvalid, "\(row[7])")
      if isInvalid { invalid += 1 }
    }
    #expect(secrets == 8)
    #expect(invalid == 2)
  }
}
