internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

// What a transaction can cost.
extension EthereumPayouts {
  /// The most that the movement can cost, in wei: its gas, and what an OP-stack chain takes
  /// besides.
  func cost(
    of move: Move, gas: UInt64, caps: EthereumTransaction.FeeCaps
  ) async throws -> UInt256 {
    let call = Self.call(move, amount: move.amount)
    // No nonce is longer, and what is sent in the end is no more: neither makes it larger.
    let largest = EthereumTransaction(
      chainID: chainID, nonce: .max - 1, to: call.to, value: call.value, input: call.input,
      gasLimit: gas, caps: caps)
    guard
      let cost = Self.cost(
        of: largest, caps: caps, l1Attributes: try await l1Attributes(), within: limits.fees)
    else { throw Unmade(reason: Self.tooDear) }
    return cost
  }

  static let tooDear = "its gas, or what the chain takes besides, is too dear"

  /// The same for an unsigned transaction; nil where what the chain takes besides is above the
  /// bounds, or the sum has more than 256 bits.
  static func cost(
    of unsigned: EthereumTransaction, caps: EthereumTransaction.FeeCaps,
    l1Attributes: L1Attributes?, within bounds: FeeBounds
  ) -> UInt256? {
    guard let cost = GasLimit.cost(unsigned.gasLimit, caps) else { return nil }
    guard let l1Attributes else { return cost }
    guard let more = l1Attributes.offer(for: unsigned), bounds.allows(more, for: unsigned.gasLimit)
    else { return nil }
    return try? cost.adding(more)
  }

  /// What the chain's last block says that it takes besides gas; nil where the chain takes nothing.
  /// One node's word, which `FeeBounds` bounds.
  func l1Attributes() async throws -> L1Attributes? {
    guard case .ethereum(let network) = spec.family, network.profile == .opStack else {
      return nil
    }
    let answer: [UInt8]
    do {
      answer = try await asking { (node) async throws(NodeError) in
        try await node.firstTransaction()
      }
    } catch {
      throw Failure.noFees("no node tells what the chain takes besides gas: \(error)")
    }
    guard let first = try? EthereumTransaction(json: answer.span.bytes),
      let attributes = L1Attributes(first)
    else {
      throw Failure.noFees("what the chain takes besides gas stands in no form that is known")
    }
    return attributes
  }
}
