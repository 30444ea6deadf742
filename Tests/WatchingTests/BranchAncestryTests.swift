import Bitcoin
import Bytes
import ChainTracking
import ChainTypes
import Testing

@testable import Watching

@Suite("A branch of headers") struct BranchAncestryTests {
  /// Block 2016 of `headers/mainnet_alt.json`, the first with the fourfold difficulty.
  private static let header = """
    000000201694d5df5eeda9eabd722ff0da2f0254f1b70df747b308e7417b98cf00000000\
    56574a1f9f1baadc70683260d01510a821f33cde34eb1c378fd89c4c03f136c8\
    ed5c6349c0ff3f1cdbc5baa1
    """

  /// What becomes of `bytes`, asked for by `hash` or else their own, in the middle of a period
  /// whose blocks have `bits`.
  private func refusal(
    of bytes: [UInt8], hash: Hash32? = nil, periodBits bits: UInt32
  ) throws -> HeaderBranchError? {
    let header = try BlockHeader(bytes: bytes.span.bytes)
    let sound = try Hex.decode(Self.header)
    let parent = try BlockHeader(bytes: sound.span.bytes).previousBlockHash
    let anchor = ChainLink(
      ref: BlockRef(height: 1_000, hash: parent), parent: .zero,
      time: 1_231_248_322, bits: bits, work: try CompactTarget(bits).work)
    var ancestry = BranchAncestry(
      chain: HeaderChain(anchor: anchor, capacity: 10), fork: anchor.ref)
    let asked = AskedHeader(hash: hash ?? header.hash, bytes: bytes)
    do {
      try ancestry.append(asked, rules: HeaderRules(.mainnet))
    } catch {
      return error
    }
    #expect(ancestry.links.map(\.ref) == [BlockRef(height: 1_001, hash: header.hash)])
    return nil
  }

  @Test("a header with work enough and a target that the rules don't give condemns its node")
  func wrongBits() throws {
    let bytes = try Hex.decode(Self.header)
    #expect(try refusal(of: bytes, periodBits: 0x1c3f_ffc0) == nil)
    let error = try #require(try refusal(of: bytes, periodBits: 0x1d00_ffff))
    guard case .invalid(.wrongBits(0x1c3f_ffc0, expected: 0x1d00_ffff, height: 1_001)) = error
    else {
      Issue.record("\(error)")
      return
    }
    #expect(error.condemnsNode)
  }

  @Test("a header whose target was made easier no longer has the hash that it was asked by")
  func changedBits() throws {
    let bytes = try Hex.decode(Self.header)
    var changed = bytes
    changed.replaceSubrange(72..<76, with: [0xff, 0xff, 0x00, 0x1d])
    let hash = try BlockHeader(bytes: bytes.span.bytes).hash
    let another = try #require(
      try refusal(of: changed, hash: hash, periodBits: 0x1c3f_ffc0))
    guard case .anotherHash = another else {
      Issue.record("\(another)")
      return
    }
    // Under its own hash it lacks the work.
    let own = try #require(try refusal(of: changed, periodBits: 0x1c3f_ffc0))
    guard case .invalid(.proofOfWork(.hashAboveTarget)) = own else {
      Issue.record("\(own)")
      return
    }
    #expect(another.condemnsNode && own.condemnsNode)
  }

  @Test("a header that doesn't follow shows a chain that moved, not a lie")
  func moved() throws {
    var bytes = try Hex.decode(Self.header)
    bytes[4] ^= 1
    let error = try #require(try refusal(of: bytes, periodBits: 0x1c3f_ffc0))
    guard case .moved = error else {
      Issue.record("\(error)")
      return
    }
    #expect(!error.condemnsNode)
  }
}
