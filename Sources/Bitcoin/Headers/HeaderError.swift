package import Bytes

/// Why a header can't stand on its parent. Times are seconds since 1970.
package enum HeaderError: Error, Hashable, Sendable {
  /// It names another parent.
  case notLinked(parent: Hash32, named: Hash32)
  case proofOfWork(ProofOfWork.Failure)
  /// The rules demand another target at this height.
  case wrongBits(UInt32, expected: UInt32, height: UInt32)
  /// No retarget, whatever its period took, leads from the parent's target to this one.
  case unreachableBits(UInt32, parentBits: UInt32, height: UInt32)
  /// Not later than the median of the eleven headers before it.
  case notAfterMedianTime(time: UInt32, median: UInt32)
  /// The first header of a period lies more than 600 s before its parent (BIP-0094).
  case timeWarp(time: UInt32, parentTime: UInt32)
  /// The parent's height is the last that 32 bits hold.
  case heightExhausted
}
