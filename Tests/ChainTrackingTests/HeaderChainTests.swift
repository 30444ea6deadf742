import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("Header chain")
struct HeaderChainTests {
  /// Links named `labels` above `parent`, each with `work`.
  private func branch(
    _ labels: [String], above parent: (String, UInt32), work: UInt256 = 2
  ) -> [ChainLink] {
    var links: [ChainLink] = []
    var (below, height) = parent
    for label in labels {
      height += 1
      links.append(
        ChainLink(
          ref: BlockRef(height: height, hash: hash(label)), parent: hash(below), time: 7,
          bits: 0x207f_ffff, work: work))
      below = label
    }
    return links
  }

  private let anchor = ChainLink(
    ref: BlockRef(height: 100, hash: hash("base")), parent: hash("below"), time: 1,
    bits: 0x207f_ffff, work: 2)

  /// base ── 1 ── 2 ── 3
  private func chain(capacity: Int = 10) throws -> HeaderChain {
    var chain = HeaderChain(anchor: anchor, capacity: capacity)
    chain.apply(
      try chain.plan(branch(["1", "2", "3"], above: ("base", 100)), finalityDepth: 6))
    return chain
  }

  @Test("a branch on the tip is connected")
  func extend() throws {
    let chain = try chain()
    #expect(chain.tip.ref == BlockRef(height: 103, hash: hash("3")))
    #expect(chain.tipWork == 6)
    #expect(chain.link(at: 102)?.ref.hash == hash("2"))
    #expect(chain.link(at: 104) == nil && chain.link(at: 99) == nil)
    #expect(chain.contains(hash("1")) && !chain.contains(hash("4")))
    #expect(chain.contains(chain.tip.ref))
    #expect(!chain.contains(BlockRef(height: 102, hash: hash("3"))))
  }

  @Test("a branch with more work takes the chain back to the common ancestor")
  func reorg() throws {
    // base ── 1 ── 2 ── 3
    //           └─ 2' ── 3' ── 4'
    var chain = try chain()
    let plan = try chain.plan(branch(["2'", "3'", "4'"], above: ("1", 101)), finalityDepth: 6)
    #expect(plan.commonAncestor == BlockRef(height: 101, hash: hash("1")))
    #expect(plan.disconnect.map(\.ref.hash) == [hash("3"), hash("2")])
    #expect(plan.connect.map(\.ref.hash) == [hash("2'"), hash("3'"), hash("4'")])
    #expect(!plan.breaksFinality)
    chain.apply(plan)
    #expect(chain.tip.ref == BlockRef(height: 104, hash: hash("4'")))
    #expect(chain.tipWork == 8)
    #expect(!chain.contains(hash("3")) && chain.contains(hash("2'")))
  }

  @Test("the most work wins, not the most blocks; at equal work ours stays")
  func work() throws {
    var chain = try chain()
    let equal = branch(["2'"], above: ("1", 101), work: 4)
    #expect(throws: HeaderChainError.notMoreWork(branch: 4, present: 4)) {
      try chain.plan(equal, finalityDepth: 6)
    }
    let longer = branch(["2'", "3'", "4'"], above: ("1", 101), work: 1)
    #expect(throws: HeaderChainError.notMoreWork(branch: 3, present: 4)) {
      try chain.plan(longer, finalityDepth: 6)
    }
    chain.apply(try chain.plan(branch(["2'"], above: ("1", 101), work: 5), finalityDepth: 6))
    #expect(chain.tip.ref.height == 102)
    #expect(chain.tipWork == 7)
  }

  @Test("links that are known already are passed over")
  func known() throws {
    let chain = try chain()
    let plan = try chain.plan(
      branch(["1", "2", "3", "4"], above: ("base", 100)), finalityDepth: 6)
    #expect(plan.disconnect.isEmpty)
    #expect(plan.connect.map(\.ref.hash) == [hash("4")])
    #expect(throws: HeaderChainError.notMoreWork(branch: 0, present: 2)) {
      try chain.plan(branch(["1", "2"], above: ("base", 100)), finalityDepth: 6)
    }
  }

  @Test("a reorg of a block at the finality depth breaks finality", arguments: [1, 2, 3, 4])
  func finality(depth: UInt32) throws {
    // base ── 1 ── 2 ── 3        2 is 2 deep, 3 is 1 deep
    //           └─ 2' ── 3' ── 4'
    let plan = try chain().plan(
      branch(["2'", "3'", "4'"], above: ("1", 101)), finalityDepth: depth)
    #expect(plan.breaksFinality == (depth <= 2))
  }

  @Test("a branch that leaves below the window can't be followed")
  func beyondWindow() throws {
    // base ── 1 ── 2 ── 3        window of 2: 2 ── 3
    //           └─ 2' …
    let chain = try chain(capacity: 2)
    #expect(chain.count == 2)
    #expect(chain.lowest.ref.hash == hash("2"))
    #expect(!chain.contains(hash("1")) && chain.link(at: 101) == nil)
    #expect(chain.tipWork == 6, "work counts from the anchor, not from the window")
    let branches = [
      branch(["2'", "3'", "4'", "5'"], above: ("1", 101)),
      branch(["3'", "4'", "5'"], above: ("2'", 102)),
      branch(["0'"], above: ("x", UInt32.max - 1)).map {
        ChainLink(
          ref: BlockRef(height: 0, hash: $0.ref.hash), parent: $0.parent, time: 0, bits: 0, work: 9)
      },
    ]
    for branch in branches {
      #expect(throws: HeaderChainError.beyondWindow(branch[0], lowest: chain.lowest.ref)) {
        try chain.plan(branch, finalityDepth: 6)
      }
    }
  }

  @Test("a branch whose links don't go back to a known block doesn't attach")
  func doesNotAttach() throws {
    let chain = try chain()
    for links in [
      branch(["3'", "4'"], above: ("2'", 102)), branch(["6"], above: ("5", 105)),
      branch(["4"], above: ("2", 103)),
    ] {
      #expect(throws: HeaderChainError.doesNotAttach(links[0])) {
        try chain.plan(links, finalityDepth: 6)
      }
    }
  }

  @Test("a branch with a gap is refused")
  func gap() throws {
    let chain = try chain()
    var links = branch(["4", "5", "6"], above: ("3", 103))
    let last = links[2]
    links.remove(at: 1)
    #expect(throws: HeaderChainError.doesNotLink(last, after: links[0].ref)) {
      try chain.plan(links, finalityDepth: 6)
    }
    #expect(throws: HeaderChainError.empty) { try chain.plan([], finalityDepth: 6) }
  }

  @Test("work over 256 bits is an error")
  func overflow() throws {
    let chain = try chain()
    let link = branch(["4"], above: ("3", 103), work: .max)
    #expect(throws: HeaderChainError.workOverflow(link[0])) {
      try chain.plan(link, finalityDepth: 6)
    }
  }

  @Test("stored links make the same chain again; links with a gap are refused")
  func stored() throws {
    let chain = try chain()
    let restored = try HeaderChain(links: chain.links, capacity: 10)
    #expect(restored.links == chain.links)
    #expect(restored.tipWork == chain.tipWork)
    let gap = [chain.links[0], chain.links[2]]
    #expect(throws: HeaderChainError.doesNotLink(gap[1], after: gap[0].ref)) {
      try HeaderChain(links: gap, capacity: 10)
    }
    #expect(throws: HeaderChainError.empty) { try HeaderChain(links: [], capacity: 10) }
  }

  @Test("random branches leave the chain as a simple oracle has it")
  func randomBranches() throws {
    var generator = SplitMix64(seed: 11)
    let capacity = 6
    var chain = HeaderChain(anchor: anchor, capacity: capacity)
    // The whole active chain, never cut.
    var oracle = [anchor]
    for step in 0..<2_000 {
      let back = Int.random(in: 0...min(capacity + 1, oracle.count - 1), using: &generator)
      let base = oracle[oracle.count - 1 - back]
      var links: [ChainLink] = []
      for index in 0..<Int.random(in: 1...4, using: &generator) {
        let parent = links.last ?? base
        links.append(
          ChainLink(
            ref: BlockRef(height: parent.ref.height + 1, hash: hash("\(step)/\(index)")),
            parent: parent.ref.hash, time: 0, bits: 0,
            work: UInt256(UInt64.random(in: 1...3, using: &generator))))
      }
      let present = oracle.suffix(back).reduce(0) { $0 + ($1.work.asUInt64 ?? 0) }
      let offered = links.reduce(0) { $0 + ($1.work.asUInt64 ?? 0) }
      let plan = try? chain.plan(links, finalityDepth: 3)
      let follows = back < min(capacity, oracle.count) && offered > present && chain.count > back
      #expect((plan != nil) == follows, "step \(step)")
      guard let plan else { continue }
      #expect(plan.breaksFinality == (back >= 3))
      chain.apply(plan)
      oracle.removeLast(back)
      oracle += links
      #expect(chain.count <= capacity)
      #expect(chain.links == Array(oracle.suffix(chain.count)))
      #expect(
        chain.tipWork.asUInt64 == oracle.dropFirst().reduce(0) { $0 + ($1.work.asUInt64 ?? 0) })
    }
  }
}
