internal import Aggregates
package import ChainTypes

/// What a location has of a product, in the product's smallest unit: grams of beans, millilitres of
/// milk, cups.
///
/// `0 <= reserved <= onHand <= maximumQuantity` holds always. What is reserved is set aside for
/// orders; what is available is the rest.
package struct SupplyItem: Aggregate {
  package typealias Fact = SupplyFact

  package let terms: SupplyTerms
  package let createdAt: Timestamp
  package private(set) var details: SupplyDetails
  package private(set) var onHand: Int64
  package private(set) var reserved: Int64 = 0
  package private(set) var isDeleted = false
  package private(set) var version: Int64 = 1
  package private(set) var updatedAt: Timestamp

  /// Sums of two quantities stay far from the word's end.
  package static let maximumQuantity: Int64 = 1_000_000_000_000_000

  package var id: String { terms.id }
  package var tenant: String { terms.tenant }

  package init(founding fact: SupplyFact, at time: Timestamp) throws {
    guard case .founded(let terms, let details, let onHand) = fact else {
      throw SupplyRefusal.notFounded
    }
    guard (0...Self.maximumQuantity).contains(onHand) else {
      throw SupplyRefusal.quantityOutOfRange(onHand)
    }
    self.terms = terms
    self.details = details
    self.onHand = onHand
    createdAt = time
    updatedAt = time
  }

  package var available: Int64 { onHand - reserved }

  /// Whether so little is available that somebody should see to it.
  package var isLow: Bool { details.lowAt.map { available <= $0 } ?? false }

  package var status: SupplyStatus {
    if isDeleted { return .deleted }
    if available == 0 { return .out }
    return isLow ? .low : .available
  }

  /// `updated` for every change, and `low_stock` besides where what is available has fallen to the
  /// limit.
  package mutating func apply(_ fact: SupplyFact, at time: Timestamp) throws -> [String] {
    let before = self
    try take(fact)
    guard self != before else { return [] }
    version += 1
    updatedAt = time
    if isDeleted { return ["deleted"] }
    return ["updated"] + (isLow && !before.isLow ? ["low_stock"] : [])
  }

  private mutating func take(_ fact: SupplyFact) throws {
    guard !isDeleted else { throw SupplyRefusal.deleted(id) }
    switch fact {
    case .founded: throw SupplyRefusal.foundedAlready(id)
    case .described(let details): self.details = details
    case .adjusted(let change, _, _, _):
      try set(onHand: try Self.sum(onHand, change))
    case .counted(let found, _, _):
      try set(onHand: found)
    case .reserved(_, let quantity):
      try check(quantity)
      guard quantity <= available else {
        throw SupplyRefusal.insufficient(id, available: available)
      }
      reserved += quantity
    case .released(_, let quantity):
      try check(quantity, within: reserved)
      reserved -= quantity
    case .consumed(_, let quantity):
      try check(quantity, within: reserved)
      reserved -= quantity
      onHand -= quantity
    case .returned(_, let quantity):
      try check(quantity)
      try set(onHand: try Self.sum(onHand, quantity))
    case .deleted:
      guard reserved == 0 else { throw SupplyRefusal.reserved(id, reserved) }
      isDeleted = true
    }
  }

  private mutating func set(onHand quantity: Int64) throws {
    guard (0...Self.maximumQuantity).contains(quantity) else {
      throw SupplyRefusal.quantityOutOfRange(quantity)
    }
    guard quantity >= reserved else { throw SupplyRefusal.reserved(id, reserved) }
    onHand = quantity
  }

  private func check(_ quantity: Int64, within limit: Int64 = Self.maximumQuantity) throws {
    guard quantity >= 1, quantity <= limit else {
      throw SupplyRefusal.quantityOutOfRange(quantity)
    }
  }

  private static func sum(_ a: Int64, _ b: Int64) throws -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw SupplyRefusal.quantityOutOfRange(b) }
    return sum
  }
}

/// Where a supply stands, by what is available of it.
package enum SupplyStatus: String, Codable, Sendable, CaseIterable {
  case available
  /// At or below its limit.
  case low
  /// Nothing is available.
  case out
  case deleted
}
