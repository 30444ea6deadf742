package import Bytes
package import ChainTypes

/// Whether a header's hash meets the target it states.
package enum ProofOfWork {
  package enum Failure: Error, Hashable, Sendable {
    case notATarget(CompactTarget.Failure)
    /// Easier than the network allows at all.
    case targetAboveLimit(bits: UInt32)
    /// The hash (internal byte order), read as a little-endian number, exceeds the target.
    case hashAboveTarget(hash: Hash32, bits: UInt32)
  }

  /// Refuses a hash that lies above the target of `bits`, and targets that `network` doesn't know.
  package static func check(
    hash: Hash32, bits: UInt32, network: BitcoinNetwork
  ) throws(Failure) {
    let target = try self.target(bits: bits, network: network)
    guard hash.littleEndianNumber <= target else {
      throw .hashAboveTarget(hash: hash, bits: bits)
    }
  }

  /// The target of `bits`, refused where it is easier than the network's limit.
  package static func target(
    bits: UInt32, network: BitcoinNetwork
  ) throws(Failure) -> UInt256 {
    let (target, limit): (UInt256, UInt256)
    do {
      target = try CompactTarget(bits).target
      limit = try CompactTarget(network.powLimitBits).target
    } catch {
      throw .notATarget(error)
    }
    guard target <= limit else { throw .targetAboveLimit(bits: bits) }
    return target
  }
}
