package import Bytes
package import ChainTypes

/// The active chain's last blocks, from an anchor or the lowest block still held up to the tip.
///
/// It knows nothing of proof of work: whoever hands it links has checked their headers. Of two
/// branches the one with more work wins; at equal work the present one stays. On a chain without
/// work the branch that is handed in wins: others have agreed on it.
package struct HeaderChain: Sendable {
  /// At least how many blocks it holds, once there are so many: how deep a reorg it can follow.
  package let capacity: Int
  /// Ascending, without gaps. The first `dropped` are out of the window and wait to be removed.
  private var entries: [Entry]
  private var dropped = 0
  private var heights: [Hash32: UInt32]

  private struct Entry: Sendable {
    let link: ChainLink
    /// Of all blocks above the first that this value ever held, up to this one.
    let work: UInt256
  }

  package init(anchor: ChainLink, capacity: Int) {
    precondition(capacity >= 1, "a window holds at least the tip")
    self.capacity = capacity
    entries = [Entry(link: anchor, work: .zero)]
    heights = [anchor.ref.hash: anchor.ref.height]
  }

  /// From stored links, lowest first; the lowest is the anchor.
  package init(links: [ChainLink], capacity: Int) throws(HeaderChainError) {
    guard let anchor = links.first else { throw .empty }
    self.init(anchor: anchor, capacity: capacity)
    let above = Array(links.dropFirst())
    try Self.checkLinks(above, above: anchor.ref)
    _ = try Self.work(of: above, from: .zero)
    for link in above { push(link) }
  }

  package var tip: ChainLink { entries[entries.count - 1].link }

  /// The lowest block in the window.
  package var lowest: ChainLink { entries[dropped].link }

  /// Accumulated above the anchor, whether or not that is still in the window.
  package var tipWork: UInt256 { entries[entries.count - 1].work }

  package var count: Int { entries.count - dropped }

  /// The window's links, lowest first.
  package var links: [ChainLink] { entries[dropped...].map(\.link) }

  package func link(at height: UInt32) -> ChainLink? { entry(at: height)?.link }

  /// Whether the block is in the window.
  package func contains(_ hash: Hash32) -> Bool { heights[hash] != nil }

  package func contains(_ ref: BlockRef) -> Bool { heights[ref.hash] == ref.height }

  /// What must happen to move to `branch`: links in order from just above a known block (or from
  /// lower: links that are known are passed over) to the new tip. `finalityDepth` counts as
  /// confirmations do, 1 being the tip's.
  ///
  /// - Parameter isAgreed: on a chain without work: the branch wins however long it is
  package func plan(
    _ branch: [ChainLink], finalityDepth: UInt32, isAgreed: Bool = false
  ) throws(HeaderChainError) -> ChainPlan {
    guard let first = branch.first else { throw .empty }
    let (below, underflow) = first.ref.height.subtractingReportingOverflow(1)
    guard !underflow else { throw .beyondWindow(first, lowest: lowest.ref) }
    try Self.checkLinks(branch, above: BlockRef(height: below, hash: first.parent))
    let connect = Array(branch.drop { contains($0.ref) })
    let ancestor = try attachment(of: connect.first ?? first, known: connect.isEmpty ? branch : [])
    let disconnect = entries[(index(of: ancestor.link.ref.height) + 1)...].reversed().map(\.link)
    let branchWork = try Self.work(of: connect, from: ancestor.work)
    guard branchWork > tipWork || (isAgreed && !connect.isEmpty) else {
      throw .notMoreWork(
        branch: branchWork.subtractingOrZero(ancestor.work),
        present: tipWork.subtractingOrZero(ancestor.work))
    }
    return ChainPlan(
      commonAncestor: ancestor.link.ref, disconnect: disconnect, connect: connect,
      breaksFinality: disconnect.count >= max(1, Int(finalityDepth)))
  }

  /// Follows a plan that this chain made and hasn't moved since.
  package mutating func apply(_ plan: ChainPlan) {
    for link in plan.disconnect {
      precondition(link == tip, "a plan begins at the tip it was made for")
      precondition(entries.count - dropped > 1, "the lowest block stays")
      heights[link.ref.hash] = nil
      entries.removeLast()
    }
    precondition(plan.commonAncestor == tip.ref, "a plan meets its common ancestor")
    for link in plan.connect {
      precondition(link.parent == tip.ref.hash, "a plan's links follow each other")
      push(link)
    }
  }

  // MARK: Parts

  private func index(of height: UInt32) -> Int {
    Int(height) - Int(entries[0].link.ref.height)
  }

  private func entry(at height: UInt32) -> Entry? {
    let index = index(of: height)
    return index >= dropped && index < entries.count ? entries[index] : nil
  }

  /// The block that `link` stands on or, where the whole branch is known, the branch's last.
  private func attachment(
    of link: ChainLink, known: [ChainLink]
  ) throws(HeaderChainError) -> Entry {
    if let last = known.last, let entry = entry(at: last.ref.height) { return entry }
    let below = link.ref.height &- 1
    if link.ref.height > 0, let entry = entry(at: below), entry.link.ref.hash == link.parent {
      return entry
    }
    guard link.ref.height > 0, below > lowest.ref.height else {
      throw .beyondWindow(link, lowest: lowest.ref)
    }
    throw .doesNotAttach(link)
  }

  private mutating func push(_ link: ChainLink) {
    // The sum was checked when the plan was made.
    let work = tipWork.addingReportingOverflow(link.work).sum
    entries.append(Entry(link: link, work: work))
    heights[link.ref.hash] = link.ref.height
    guard count > capacity else { return }
    heights[entries[dropped].link.ref.hash] = nil
    dropped += 1
    // Removing half of the array at a time keeps the cost of a block constant.
    guard dropped > capacity else { return }
    entries.removeFirst(dropped)
    dropped = 0
  }

  private static func checkLinks(
    _ links: [ChainLink], above: BlockRef
  ) throws(HeaderChainError) {
    var last = above
    for link in links {
      let (height, overflow) = last.height.addingReportingOverflow(1)
      guard !overflow, link.ref.height == height, link.parent == last.hash else {
        throw .doesNotLink(link, after: last)
      }
      last = link.ref
    }
  }

  private static func work(
    of links: [ChainLink], from start: UInt256
  ) throws(HeaderChainError) -> UInt256 {
    var work = start
    for link in links {
      let (sum, overflow) = work.addingReportingOverflow(link.work)
      guard !overflow else { throw .workOverflow(link) }
      work = sum
    }
    return work
  }
}
