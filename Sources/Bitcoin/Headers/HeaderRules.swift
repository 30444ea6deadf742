package import Bytes
package import ChainTypes

/// What a header must meet on its parent: linkage, proof of work, the target that the network's
/// rules give, and its time against its ancestors'. That its time isn't too far ahead is the
/// caller's affair, who has a clock. Block versions (BIP-0034, BIP-0065, BIP-0066) aren't looked
/// at.
///
/// An ancestor that isn't known leaves the rules that need it unchecked, and the verdict says so.
package struct HeaderRules: Sendable {
  package let network: BitcoinNetwork

  /// What a header chain that meets the rules proves on its own.
  package enum Provability: Sendable, Hashable {
    /// Mainnet: that the work its targets state was spent.
    case work
    /// Testnet3 and testnet4: the same, but any block 20 minutes after its parent may be easy, and
    /// a miner picks the time: cheap to forge for a while.
    case cheapWork
    /// Signet: little. A block counts by the solution of the challenge in its coinbase (BIP-0325),
    /// which takes executing scripts: believe your own node.
    case challengeUnchecked
    /// Regtest: nothing; every second nonce fits.
    case nothing
  }

  /// How a rule was applied.
  package enum Evidence: Sendable, Hashable {
    /// Exactly.
    case checked
    /// Only within what is possible from the parent: ancestors before the window are needed.
    case bounded
    /// Not at all: ancestors before the window are needed.
    case unknownAncestors
  }

  package struct Verdict: Sendable, Hashable {
    package let height: UInt32
    /// Internal byte order.
    package let hash: Hash32
    package let target: Evidence
    package let medianTime: Evidence
  }

  package init(_ network: BitcoinNetwork) { self.network = network }

  package var provability: Provability {
    switch network.kind {
    case .mainnet: .work
    case .testnet3, .testnet4: .cheapWork
    case .signet: .challengeUnchecked
    case .regtest: .nothing
    }
  }

  /// Checks `header` as the child of `ancestry.parent`.
  package func check(
    _ header: BlockHeader, on ancestry: borrowing some HeaderAncestry
  ) throws(HeaderError) -> Verdict {
    let parent = ancestry.parent
    guard parent.height < .max else { throw .heightExhausted }
    let height = parent.height + 1
    guard header.previousBlockHash == parent.hash else {
      throw .notLinked(parent: parent.hash, named: header.previousBlockHash)
    }
    let hash = header.hash
    do {
      try ProofOfWork.check(hash: hash, bits: header.bits, network: network)
    } catch {
      throw .proofOfWork(error)
    }
    let target = try checkBits(header, at: height, on: ancestry)
    try checkTimeWarp(header, at: height, on: ancestry)
    let medianTime = try checkMedianTime(header, on: ancestry)
    return Verdict(height: height, hash: hash, target: target, medianTime: medianTime)
  }

  private func checkBits(
    _ header: BlockHeader, at height: UInt32, on ancestry: borrowing some HeaderAncestry
  ) throws(HeaderError) -> Evidence {
    switch Retarget(network).expectedBits(at: height, time: header.time, on: ancestry) {
    case .exactly(let bits):
      guard header.bits == bits else {
        throw .wrongBits(header.bits, expected: bits, height: height)
      }
      return .checked
    case .within(let bits, let easiest, let hardest):
      // The proof of work was checked, so these bits are a target.
      guard let target = try? CompactTarget(header.bits).target,
        target <= easiest, target >= hardest
      else { throw .unreachableBits(header.bits, parentBits: bits, height: height) }
      return .bounded
    case .unknown:
      return .unknownAncestors
    }
  }

  private func checkTimeWarp(
    _ header: BlockHeader, at height: UInt32, on ancestry: borrowing some HeaderAncestry
  ) throws(HeaderError) {
    guard network.retarget == .bip94, height % Retarget.period == 0,
      let parent = ancestry.ancestor(at: height - 1)
    else { return }
    guard UInt64(header.time) + 600 >= UInt64(parent.time) else {
      throw .timeWarp(time: header.time, parentTime: parent.time)
    }
  }

  /// A header's time lies after the median of the eleven before it, or of all where there are
  /// fewer.
  private func checkMedianTime(
    _ header: BlockHeader, on ancestry: borrowing some HeaderAncestry
  ) throws(HeaderError) -> Evidence {
    let last = ancestry.parent.height
    let first = last >= 10 ? last - 10 : 0
    var times: [UInt32] = []
    times.reserveCapacity(11)
    for height in first...last {
      guard let ancestor = ancestry.ancestor(at: height) else { return .unknownAncestors }
      times.append(ancestor.time)
    }
    times.sort()
    let median = times[times.count / 2]
    guard header.time > median else {
      throw .notAfterMedianTime(time: header.time, median: median)
    }
    return .checked
  }
}
