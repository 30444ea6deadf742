import Addresses
import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Keys

@Suite("Outputs that pay to a script's hash (BIP-0016)")
struct ScriptHashTests {
  private struct Vector: Decodable {
    let sorted: [String]
    let script: String
    let address: String
  }

  @Test("BIP-0067's multisig scripts have its addresses, both ways")
  func multisig() throws {
    let vectors = try PackageFiles.vector("bips/bip67.json", as: [Vector].self)
    #expect(vectors.count == 4)
    for vector in vectors {
      let script = try Hex.decode(vector.script)
      #expect(vector.sorted.allSatisfy(vector.script.contains))
      let output = OutputScript.p2sh(redeemScript: script)
      #expect(BitcoinAddress(output, network: .mainnet).text == vector.address)
      #expect(try BitcoinAddress(vector.address, network: .mainnet).output == output)
    }
  }
}
