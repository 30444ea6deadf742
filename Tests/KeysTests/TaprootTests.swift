import Addresses
import Bytes
import ChainTypes
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
}
