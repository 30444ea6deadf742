import Addresses
import Bytes
import ChainTypes
import CurvePoints
import TestSupport
import Testing

@testable import Keys

@Suite("Children in batches")
struct BatchDerivationTests {
  private struct Vectors: Decodable {
    struct Chain: Decodable {
      struct Link: Decodable {
        let path: String
        let xpub: String
      }

      let chain: [Link]
    }

    let valid: [Chain]
  }

  private static let network = BitcoinNetwork(.mainnet)

  private func descriptor(_ script: SingleKeyScript) throws -> Descriptor {
    let account = try ExtendedPublicKey(ExtendedKeyTests.account, network: Self.network)
    let step = try #require(ChildNumber(0))
    return try Descriptor(
      script: script,
      key: KeyExpression(
        origin: nil, key: .extended(account, path: DerivationPath([step]), isRanged: true)),
      network: Self.network)
  }

  @Test("BIP-0032's unhardened children come out of a batch, too")
  func published() throws {
    var met = 0
    for chain in try PackageFiles.vector("bips/bip32.json", as: Vectors.self).valid {
      for (parent, child) in zip(chain.chain, chain.chain.dropFirst()) {
        let path = try DerivationPath(child.path)
        guard let step = path.steps.last, !step.isHardened else { continue }
        let children = try ExtendedPublicKey(parent.xpub, network: Self.network).children
        let expected = try ExtendedPublicKey(child.xpub, network: Self.network).key
        // Behind some others, and alone.
        for first in Set([step.index, step.index - min(step.index, 5)]) {
          let points = try children.points(at: first..<step.index + 1)
          #expect(points.last == .some(expected.curvePoint), "\(child.path)")
        }
        met += 1
      }
    }
    #expect(met >= 4)
  }

  @Test("each script's outputs are the same by batches and by libsecp256k1")
  func scripts() throws {
    for script in SingleKeyScript.allCases {
      let descriptor = try descriptor(script)
      // More than one step of the batch adder.
      let indexes = 1_000_000..<1_001_100 as Range<UInt32>
      let batched = try descriptor.addresses(at: indexes)
      #expect(batched == (try descriptor.addresses(at: indexes, by: .libsecp256k1)))
      #expect(batched.count == indexes.count)
      let one = try descriptor.address(at: 1_000_700)
      #expect(batched[700] == one && batched[700]?.text == one.text)
      // Few don't come from the batch adder; they are the same.
      #expect(try descriptor.outputScripts(at: 1_000_700..<1_000_702).first == one.output)
    }
  }

  @Test("an EVM account's addresses are the same by batches and by libsecp256k1")
  func ethereum() throws {
    let key = try ExtendedPublicKey(ExtendedKeyTests.account, network: Self.network)
    let account = try EthereumAccount(
      "[73c5da0a/44h/60h/0h]\(key.text(network: Self.network))/0/*", isTest: false)
    let batched = try account.addresses(at: 7..<400)
    #expect(batched == (try account.addresses(at: 7..<400, by: .libsecp256k1)))
    #expect(batched[5] == (try account.address(at: 12)))
  }

  @Test("a range ends at index 2³¹ − 1, and a descriptor without range has index 0")
  func bounds() throws {
    let end = ChildNumber.indexEnd
    let ranged = try descriptor(.wpkh)
    for count in [3, 300] as [UInt32] {
      for derivation in ChildDerivation.allCases {
        let last = try ranged.addresses(at: end - count..<end, by: derivation)
        #expect(last.last == .some(try ranged.address(at: end - 1)))
        #expect(throws: DerivationError.self) {
          try ranged.addresses(at: end - count..<end + 1, by: derivation)
        }
      }
    }
    #expect(throws: DerivationError.indexExhausted(end)) {
      try ranged.addresses(at: end - 300..<end + 1)
    }
    let single = try Descriptor(
      "wpkh(\(CurveTests.generator))", network: Self.network, checksum: .optional)
    #expect(try single.addresses(at: 0..<1).count == 1)
    #expect(throws: DerivationError.notRanged(index: 1)) { try single.addresses(at: 0..<2) }
    #expect(throws: DerivationError.notRanged(index: 299)) { try single.addresses(at: 0..<300) }
    #expect(try ranged.addresses(at: 5..<5).isEmpty)
  }

  @Test("an index without a key leaves its place empty, for every script")
  func skipped() throws {
    let key = try PublicKey(Hex.decode(CurveTests.generator))
    let points = [nil, key.curvePoint, nil]
    for script in SingleKeyScript.allCases {
      #expect(script.outputs(of: points) == [nil, script.output(of: key), nil])
    }
    let derived = try ChildDerivation.batched.derive(3..<6) { index throws(DerivationError) in
      if index == 4 { throw .skipIndex(index) }
      return index
    } many: { _ in
      []
    }
    #expect(derived == [3, nil, 5])
  }
}
