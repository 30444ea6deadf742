import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("Coverage ledger")
struct CoverageLedgerTests {
  private func block(_ height: UInt32, _ branch: String = "") -> BlockRef {
    BlockRef(height: height, hash: hash("\(height)\(branch)"))
  }

  private func range(
    _ from: UInt32, _ through: UInt32, parent: String? = nil, addresses: UInt64? = 5
  ) -> CoverageRange {
    CoverageRange(
      fromHeight: from, fromParentHash: hash(parent ?? "\(Int(from) - 1)"), throughHeight: through,
      throughHash: hash("\(through)"), addressesThrough: addresses)
  }

  private func ledger(_ heights: ClosedRange<UInt32>) throws -> CoverageLedger {
    var ledger = CoverageLedger()
    for height in heights {
      try ledger.append(block(height), parent: hash("\(height - 1)"), addressesThrough: 5)
    }
    return ledger
  }

  @Test("consecutive blocks make one range without holes")
  func append() throws {
    let ledger = try ledger(100...110)
    #expect(ledger.ranges == [range(100, 110)])
    #expect(ledger.last == block(110))
    #expect(ledger.check(fromHeight: 100, tip: block(110)) == [])
  }

  @Test("a block that skips a height or has another parent is refused")
  func skipped() throws {
    var ledger = try ledger(100...101)
    let before = ledger
    let last = block(101)
    #expect(throws: CoverageError.doesNotLink(block(103), parent: hash("102"), last: last)) {
      try ledger.append(block(103), parent: hash("102"), addressesThrough: 5)
    }
    #expect(throws: CoverageError.doesNotLink(block(102), parent: hash("x"), last: last)) {
      try ledger.append(block(102), parent: hash("x"), addressesThrough: 5)
    }
    #expect(throws: CoverageError.doesNotLink(block(101), parent: last.hash, last: last)) {
      try ledger.append(block(101), parent: last.hash, addressesThrough: 5)
    }
    #expect(ledger == before)
  }

  @Test(
    "a block scanned for other addresses begins a range; final ranges are joined for the fewest")
  func addresses() throws {
    var ledger = try ledger(100...101)
    try ledger.append(block(102), parent: hash("101"), addressesThrough: 9)
    try ledger.append(block(103), parent: hash("102"), addressesThrough: nil)
    #expect(
      ledger.ranges == [
        range(100, 101), range(102, 102, addresses: 9), range(103, 103, addresses: nil),
      ])
    #expect(ledger.check() == [])
    ledger.merge(throughHeight: 102)
    #expect(ledger.ranges == [range(100, 102), range(103, 103, addresses: nil)])
    ledger.merge(throughHeight: 103)
    #expect(ledger.ranges == [range(100, 103, addresses: nil)])
  }

  @Test("disconnected blocks are taken back, through range after range")
  func disconnect() throws {
    // 100 ── 101 ── 102 ── 103
    //           └── 102'
    var ledger = try ledger(100...101)
    try ledger.append(block(102), parent: hash("101"), addressesThrough: 9)
    try ledger.append(block(103), parent: hash("102"), addressesThrough: 9)
    try ledger.disconnect(block(103), newTip: block(102))
    #expect(throws: CoverageError.notTheParent(block(101, "'"), of: block(102))) {
      try ledger.disconnect(block(102), newTip: block(101, "'"))
    }
    try ledger.disconnect(block(102), newTip: block(101))
    #expect(ledger.ranges == [range(100, 101)])
    try ledger.append(block(102, "'"), parent: hash("101"), addressesThrough: 5)
    #expect(ledger.ranges.count == 1)
    #expect(ledger.check(tip: block(102, "'")) == [])
    #expect(ledger.check(tip: block(102)) == [.otherTip(block(102, "'"), expected: block(102))])
    for height: UInt32 in [102, 101, 100] {
      let last = try #require(ledger.last)
      try ledger.disconnect(last, newTip: block(height - 1))
    }
    #expect(ledger.ranges.isEmpty && ledger.last == nil)
  }

  @Test("only the last block is taken back")
  func notTheLast() throws {
    var ledger = try ledger(100...102)
    #expect(throws: CoverageError.notTheLast(block(101), last: block(102))) {
      try ledger.disconnect(block(101), newTip: block(100))
    }
    #expect(throws: CoverageError.notTheParent(block(100), of: block(102))) {
      try ledger.disconnect(block(102), newTip: block(100))
    }
    var empty = CoverageLedger()
    #expect(throws: CoverageError.notTheLast(block(1), last: nil)) {
      try empty.disconnect(block(1), newTip: block(0))
    }
  }

  @Test("a hole, a link that doesn't match, an overlap and an inverted range are found")
  func holes() {
    let stored = [
      range(120, 130), range(100, 109), range(110, 115, parent: "x"), range(118, 121),
      range(140, 139),
    ]
    let holes = CoverageLedger(stored: stored).check(fromHeight: 90, tip: block(135))
    #expect(
      holes == [
        .missing(fromHeight: 90, throughHeight: 99),
        .brokenLink(height: 110, parent: hash("x"), covered: hash("109")),
        .missing(fromHeight: 116, throughHeight: 117),
        .overlapping(fromHeight: 120, throughHeight: 121),
        .inverted(fromHeight: 140, throughHeight: 139),
        .missing(fromHeight: 131, throughHeight: 135),
      ])
  }

  @Test("a range within another is found, and what follows is held against the longer one")
  func nested() {
    let ledger = CoverageLedger(stored: [range(100, 120), range(105, 106), range(121, 125)])
    #expect(ledger.check() == [.overlapping(fromHeight: 105, throughHeight: 106)])
  }

  @Test("an empty ledger covers nothing")
  func empty() {
    #expect(CoverageLedger().check() == [])
    #expect(
      CoverageLedger().check(fromHeight: 3, tip: block(7))
        == [.missing(fromHeight: 3, throughHeight: 7)])
  }

  @Test("a rescanned range fills a hole if it links to both sides")
  func insert() throws {
    var ledger = CoverageLedger(stored: [range(100, 109), range(120, 125)])
    #expect(
      throws: CoverageError.doesNotFit(
        .brokenLink(height: 110, parent: hash("x"), covered: hash("109")))
    ) { try ledger.insert(range(110, 119, parent: "x")) }
    #expect(throws: CoverageError.doesNotFit(.overlapping(fromHeight: 109, throughHeight: 109))) {
      try ledger.insert(range(109, 112))
    }
    #expect(throws: CoverageError.doesNotFit(.inverted(fromHeight: 112, throughHeight: 111))) {
      try ledger.insert(range(112, 111))
    }
    try ledger.insert(range(112, 115))
    #expect(
      ledger.check() == [
        .missing(fromHeight: 110, throughHeight: 111),
        .missing(fromHeight: 116, throughHeight: 119),
      ])
    try ledger.insert(range(110, 111))
    try ledger.insert(range(116, 119))
    #expect(ledger.check(fromHeight: 100, tip: block(125)) == [])
    ledger.merge(throughHeight: 125)
    #expect(ledger.ranges == [range(100, 125)])
  }

  @Test("at the highest height nothing overflows")
  func highest() {
    let top = range(.max - 1, .max)
    #expect(CoverageLedger(stored: [top]).check(tip: top.through) == [])
    var ledger = CoverageLedger(stored: [top])
    #expect(throws: CoverageError.self) {
      try ledger.append(block(0), parent: top.throughHash, addressesThrough: 5)
    }
  }
}
