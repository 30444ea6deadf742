package import Bytes
package import ChainTypes

/// Something that happened to a refund. As with payments its state is made of nothing else.
package enum RefundFact: Hashable, Sendable, Codable {
  /// With what the approver signed, where approvers are listed with their keys. Whoever records it
  /// has verified that.
  case approved(by: String, proof: RefundAttestation? = nil)
  /// A transaction that pays it, or that replaces one which does, was made.
  case built(outgoing: String)
  /// The transaction was given up before anyone had signed it.
  case unbuilt(outgoing: String)
  /// Signed bytes are stored; the txid as people write it.
  case signed(outgoing: String, txid: String)
  case broadcast(outgoing: String)
  /// It stands in a block, as deep as it takes.
  case confirmed(outgoing: String, block: BlockRef)
  case final(outgoing: String, block: BlockRef)
  /// It is final, and so much arrived, in minor units: less than it was to be.
  case held(outgoing: String, block: BlockRef, arrived: UInt256)
  /// An operator takes what is held for paid.
  case accepted(by: String)
  /// A reorg took the block.
  case reverted(outgoing: String)
  /// No transaction made for it can pay it any more.
  case failed(reason: String)
  case canceled(by: String)
}

/// Why a fact can't happen to a refund as it stands.
package enum RefundError: Error, Hashable, Sendable {
  case notPossible(RefundStatus)
  /// Who requested a refund, or approved it already, can't approve it.
  case sameApprover(String)
  /// Only signed approvals count.
  case unsignedApproval
  /// The fact is about a transaction that wasn't made for it.
  case unknownTransaction(String)
}
