internal import Aggregates
internal import Bytes
package import ChainTypes
internal import Digests

/// A customer's right to be handed an order that is ready: whoever shows the code gets it, once.
///
///     open ──────► processed
///      │ ▲
///      ▼ │ the order is held, and goes on
///     suspended ──► canceled    the order ends otherwise, also while it is open
///
/// Wrong codes are counted. After `attemptLimit` of them it is locked, wherever it stands, until
/// somebody renews the code.
package struct Claim: Aggregate {
  package typealias Fact = ClaimFact

  package private(set) var terms: ClaimTerms
  package let createdAt: Timestamp
  package private(set) var status = ClaimStatus.open
  /// How often a wrong code was shown since this one was issued.
  package private(set) var failedAttempts: Int64 = 0
  /// Nil where it is picked up at the counter.
  package private(set) var delivery: Delivery?
  package private(set) var handover: Handover?
  /// Why it was canceled: what became of the order.
  package private(set) var cancellation: ClaimedOrder?
  /// Whether it was forgotten whose order it was; else nil.
  package private(set) var isForgotten: Bool?
  package private(set) var version: Int64 = 1
  package private(set) var updatedAt: Timestamp

  private var code: Hash32
  /// Of the order's event that told last what counted.
  private var orderSequence: Int64
  private var deliveries: Int64 = 0

  /// Who handed it over, and when.
  package struct Handover: Codable, Equatable, Sendable {
    package let by: String
    package let at: Timestamp
  }

  package static let attemptLimit: Int64 = 5

  package var id: String { terms.id }
  package var tenant: String { terms.tenant }

  package init(founding fact: ClaimFact, at time: Timestamp) throws {
    guard case .issued(let terms, let code, let sequence) = fact else {
      throw ClaimRefusal.notIssued
    }
    self.terms = terms
    self.code = code
    orderSequence = sequence
    createdAt = time
    updatedAt = time
  }

  /// One event for every fact that changes something: the new status's own where it has ended, else
  /// `updated`.
  package mutating func apply(_ fact: ClaimFact, at time: Timestamp) throws -> [String] {
    let before = self
    try take(fact, at: time)
    guard self != before else { return [] }
    version += 1
    updatedAt = time
    return [status != before.status && status.hasEnded ? status.rawValue : "updated"]
  }

  private mutating func take(_ fact: ClaimFact, at time: Timestamp) throws {
    switch fact {
    case .issued: throw ClaimRefusal.issuedAlready(id)
    case .orderMoved(let sequence, let order): move(sequence, order)
    case .orderForgotten:
      terms = terms.with(customer: nil)
      isForgotten = true
    case .attemptFailed:
      try requireOpen()
      failedAttempts += 1
    case .processed(let by):
      try requireOpen()
      status = .processed
      handover = Handover(by: by, at: time)
      // Who hasn't set out has brought nothing.
      if delivery?.status == .pickedUp { delivery?.status = .delivered } else { delivery = nil }
    case .renewed(let code, _):
      try requireGoing()
      self.code = code
      failedAttempts = 0
    case .courierAssigned(let courier, let revision, _):
      try requireGoing()
      guard revision > deliveries else { return }
      deliveries = revision
      delivery = Delivery(courier: courier, revision: revision)
    case .pickedUp:
      try requireGoing()
      guard status != .suspended else { throw ClaimRefusal.suspended }
      guard delivery != nil else { throw ClaimRefusal.noDelivery }
      delivery?.status = .pickedUp
    case .deliveryWithdrawn:
      try requireGoing()
      delivery = nil
    }
  }

  private mutating func move(_ sequence: Int64, _ order: ClaimedOrder) {
    guard sequence > orderSequence, !status.hasEnded else { return }
    switch (order, status) {
    case (.held, .open): status = .suspended
    case (.ready, .suspended): status = .open
    case (.completed, _), (.canceled, _):
      status = .canceled
      cancellation = order
    default: return
    }
    orderSequence = sequence
  }

  private func requireGoing() throws {
    switch status {
    case .processed: throw ClaimRefusal.processed
    case .canceled: throw ClaimRefusal.canceled
    case .open, .suspended: break
    }
  }

  private func requireOpen() throws {
    try requireGoing()
    guard status == .open else { throw ClaimRefusal.suspended }
    guard !isLocked else { throw ClaimRefusal.locked }
  }
}

// What follows from the stored facts.
extension Claim {
  /// Nothing is handed over until somebody renews the code.
  package var isLocked: Bool { attemptsLeft == 0 }

  package var attemptsLeft: Int64 { max(0, Self.attemptLimit - failedAttempts) }

  package var kind: HandoverKind { delivery == nil ? .pickup : .delivery }

  /// The fact that showing this code is. Refused where none could be right.
  ///
  /// Digests are compared, not codes, and that in constant time: whoever measures it learns nothing
  /// of a digest's beginning, and from a digest nothing of the code.
  package func showing(_ shown: ClaimCode, by: String) throws -> ClaimFact {
    try requireOpen()
    let isRight = ConstantTime.areEqual(shown.digest(of: id), code)
    return isRight ? .processed(by: by) : .attemptFailed(by: by)
  }

  /// The fact that naming a courier or an address is.
  package func assigning(_ courier: String, by: String) -> ClaimFact {
    .courierAssigned(courier: courier, revision: deliveries + 1, by: by)
  }
}
