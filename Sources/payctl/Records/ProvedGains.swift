internal import Addresses
internal import Bytes
internal import Ethereum

/// How much of an address's proved growth in a block the proofs of a payment have used up: each wei
/// once, whichever transactions and calls brought it.
struct ProvedGains {
  enum Source { case transaction, call }

  private struct Used {
    /// Nil until a proof shows it.
    var gain: UInt256?
    var sum = UInt256.zero
    var hasCalls = false
  }

  private var blocks: [Hash32: Used] = [:]

  /// Whether there is room for it. What transactions bring by themselves needs no proof of
  /// balances, but takes its part of one.
  mutating func take(
    _ value: UInt256, toldBy source: Source, in execution: ExecutionProof.Execution,
    to recipient: EthereumAddress
  ) -> Bool {
    var used = blocks[execution.block] ?? Used()
    if let gain = execution.gains[recipient] { used.gain = gain }
    let (sum, overflow) = used.sum.addingReportingOverflow(value)
    used.sum = sum
    if source == .call { used.hasCalls = true }
    blocks[execution.block] = used
    guard !overflow else { return false }
    guard used.hasCalls else { return true }
    return used.gain.map { sum <= $0 } ?? false
  }
}
