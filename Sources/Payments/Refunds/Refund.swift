package import Bytes
package import ChainTypes

/// A refund: its terms and what became of it. A value that facts are applied to, as `Payment`.
package struct Refund: Hashable, Sendable {
  package let terms: RefundTerms
  package private(set) var status: RefundStatus
  /// How many facts have been applied.
  package private(set) var version: Int64 = 0
  package private(set) var approvals: [Approval] = []
  /// The transactions made for it, the latest last: each replaces those before it.
  package private(set) var outgoing: [String] = []
  /// The one that stands in a block.
  package private(set) var payer: String?
  package private(set) var block: BlockRef?
  package private(set) var txids: [String: String] = [:]
  package private(set) var failure: String?
  /// What arrived, where that is less than it was to be; in minor units.
  package private(set) var arrived: UInt256?

  package struct Approval: Hashable, Sendable {
    package let by: String
    package let proof: RefundAttestation?
  }

  package init(terms: RefundTerms) {
    self.terms = terms
    status = terms.approvalsNeeded > 0 ? .requested : .approved
  }

  package init(terms: RefundTerms, facts: some Sequence<RefundFact>) throws(RefundError) {
    self.init(terms: terms)
    for fact in facts { _ = try apply(fact) }
  }

  package var approvers: [String] { approvals.map(\.by) }

  /// The txid of the transaction that pays it, or is the latest to try; as people write it.
  package var txid: String? { (payer ?? outgoing.last).flatMap { txids[$0] } }

  /// Whether a transaction may be made for it at this moment.
  package func isBuildable(at now: Timestamp) -> Bool {
    status == .approved && now >= terms.notBefore
  }

  /// Applies a fact and answers the statuses that are reached, in order. A refused one changes
  /// nothing.
  package mutating func apply(_ fact: RefundFact) throws(RefundError) -> [RefundStatus] {
    var next = self
    try next.take(fact)
    next.version += 1
    let reached = next.status == status ? [] : Self.passed(from: status, to: next.status)
    self = next
    return reached
  }

  /// What is told of a step: each level on the way up, the new one alone otherwise.
  private static func passed(from: RefundStatus, to: RefundStatus) -> [RefundStatus] {
    let levels: [RefundStatus] = [
      .requested, .approved, .built, .signed, .broadcast, .confirmed, .final,
    ]
    guard let start = levels.firstIndex(of: from), let end = levels.firstIndex(of: to), start < end
    else { return [to] }
    return Array(levels[(start + 1)...end])
  }

  private mutating func take(_ fact: RefundFact) throws(RefundError) {
    switch fact {
    case .approved(let by, let proof):
      guard status == .requested else { throw .notPossible(status) }
      // One key is one person, whatever the names. Who attested the request made it.
      let signers = [terms.attestation?.signer] + approvals.map(\.proof?.signer)
      guard by != terms.requestedBy, !approvers.contains(by),
        proof.map({ !signers.contains($0.signer) }) ?? true
      else { throw .sameApprover(by) }
      guard proof != nil || terms.wantsSignedApprovals != true else { throw .unsignedApproval }
      approvals.append(Approval(by: by, proof: proof))
      if approvals.count >= terms.approvalsNeeded { status = .approved }
    case .built(let id):
      switch status {
      case .approved: status = .built
      // A replacement, which uses up what those before it do.
      case .built, .signed, .broadcast: break
      default: throw .notPossible(status)
      }
      guard !outgoing.contains(id) else { throw .unknownTransaction(id) }
      outgoing.append(id)
    case .unbuilt(let id):
      try check(id)
      guard txids[id] == nil, status.isLive, status != .final else { throw .notPossible(status) }
      outgoing.removeAll { $0 == id }
      if outgoing.isEmpty { status = .approved }
    case .signed(let id, let txid):
      try check(id)
      switch status {
      case .built: status = .signed
      case .signed, .broadcast, .confirmed, .final: break
      default: throw .notPossible(status)
      }
      txids[id] = txid
    case .broadcast(let id):
      try check(id)
      switch status {
      case .signed: status = .broadcast
      case .broadcast, .confirmed, .final: break
      default: throw .notPossible(status)
      }
    case .confirmed(let id, let block):
      try settle(id, in: block, as: .confirmed)
    case .final(let id, let block):
      try settle(id, in: block, as: .final)
    case .held(let id, let block, let arrived):
      try settle(id, in: block, as: .held)
      self.arrived = arrived
    case .accepted:
      guard status == .held else { throw .notPossible(status) }
      status = .final
    case .reverted(let id):
      try check(id)
      guard [.confirmed, .held, .final].contains(status), payer == id else {
        throw .notPossible(status)
      }
      status = .broadcast
      payer = nil
      block = nil
      arrived = nil
    case .failed(let reason):
      // Approved, where what was to pay it was given up, and a person says that nothing did. What a
      // block holds is paid.
      let isUnpaid = status == .held && arrived == .zero
      guard [.approved, .built, .signed, .broadcast].contains(status) || isUnpaid else {
        throw .notPossible(status)
      }
      status = .failed
      failure = reason
      payer = nil
      block = nil
    case .canceled:
      // Once signed it may be known to anyone.
      guard status == .requested || status == .approved else { throw .notPossible(status) }
      status = .canceled
    }
  }

  private func check(_ id: String) throws(RefundError) {
    guard outgoing.contains(id) else { throw .unknownTransaction(id) }
  }

  /// What a block shows counts whatever was known of it: the transaction may have been sent by
  /// whoever signed it.
  private mutating func settle(
    _ id: String, in block: BlockRef, as status: RefundStatus
  ) throws(RefundError) {
    try check(id)
    guard self.status.isLive, self.status != .requested, self.status != .approved else {
      throw .notPossible(self.status)
    }
    self.status = status
    self.block = block
    payer = id
  }
}
