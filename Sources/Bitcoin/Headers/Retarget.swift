internal import Bytes
internal import ChainTypes

/// The target that a network's rules give the next header.
///
/// Every 2016 headers the target is scaled by the time the last 2016 took, of which 2015 intervals
/// are measured (from the first header's time to the last's), within a factor of four.
struct Retarget {
  static let period: UInt32 = 2016
  /// Two weeks in seconds: 2016 intervals of ten minutes.
  static let periodSeconds: Int64 = 14 * 24 * 60 * 60
  /// A testnet block may be of the easiest target when it is later than its parent by more.
  static let minimumDifficultySeconds: UInt64 = 20 * 60

  enum Expectation {
    case exactly(UInt32)
    /// Anything between a quarter and four times the target of `bits`.
    case within(bits: UInt32, easiest: UInt256, hardest: UInt256)
    /// It follows from headers that aren't known.
    case unknown
  }

  private let network: BitcoinNetwork

  init(_ network: BitcoinNetwork) { self.network = network }

  /// What a header with this time must state at `height`, above zero.
  func expectedBits(
    at height: UInt32, time: UInt32, on ancestry: borrowing some HeaderAncestry
  ) -> Expectation {
    guard network.retarget != .none else { return .exactly(network.powLimitBits) }
    let isBoundary = height % Self.period == 0
    if allowsMinimumDifficulty, !isBoundary {
      return expectedTestnetBits(at: height, time: time, on: ancestry)
    }
    guard let parent = ancestry.ancestor(at: height - 1) else { return .unknown }
    guard isBoundary else { return .exactly(parent.bits) }
    guard let first = ancestry.ancestor(at: height - Self.period) else {
      // BIP-0094 starts from the first header's target, which is unknown here.
      return network.retarget == .bip94 ? .unknown : bounds(from: parent.bits)
    }
    let base = network.retarget == .bip94 ? first.bits : parent.bits
    let seconds = Int64(parent.time) - Int64(first.time)
    guard let bits = scaled(base, bySeconds: seconds) else { return .unknown }
    return .exactly(bits)
  }

  private var allowsMinimumDifficulty: Bool {
    network.retarget == .every2016WithMinimumDifficultyBlocks || network.retarget == .bip94
  }

  /// Inside a period on testnet3 and testnet4: the easiest target for a header that is late, else
  /// that of the last header before it which isn't an easy one (or begins the period).
  private func expectedTestnetBits(
    at height: UInt32, time: UInt32, on ancestry: borrowing some HeaderAncestry
  ) -> Expectation {
    guard let parent = ancestry.ancestor(at: height - 1) else { return .unknown }
    guard UInt64(time) <= UInt64(parent.time) + Self.minimumDifficultySeconds else {
      return .exactly(network.powLimitBits)
    }
    var candidate = height - 1
    var bits = parent.bits
    while bits == network.powLimitBits, candidate % Self.period != 0 {
      candidate -= 1
      guard let ancestor = ancestry.ancestor(at: candidate) else { return .unknown }
      bits = ancestor.bits
    }
    return .exactly(bits)
  }

  /// `bits` scaled by `seconds` against two weeks, no easier than the network allows; nil where
  /// `bits` isn't a target.
  func scaled(_ bits: UInt32, bySeconds seconds: Int64) -> UInt32? {
    let clamped = min(max(seconds, Self.periodSeconds / 4), Self.periodSeconds * 4)
    guard let target = try? CompactTarget(bits).target, let limit,
      // Signet's limit times eight weeks, the most of any network, falls just short of 2^256.
      // Beyond the limit a product may not fit, and then it isn't a target here.
      let product = try? target.multiplied(by: UInt256(UInt64(clamped))),
      let scaled = try? product.divided(by: UInt256(UInt64(Self.periodSeconds))).quotient
    else { return nil }
    return CompactTarget(min(scaled, limit)).bits
  }

  /// What can follow `bits` at the end of a period whose length isn't known.
  private func bounds(from bits: UInt32) -> Expectation {
    guard let easiest = scaled(bits, bySeconds: .max).flatMap({ try? CompactTarget($0).target }),
      let hardest = scaled(bits, bySeconds: .min).flatMap({ try? CompactTarget($0).target })
    else { return .unknown }
    return .within(bits: bits, easiest: easiest, hardest: hardest)
  }

  private var limit: UInt256? { try? CompactTarget(network.powLimitBits).target }
}
