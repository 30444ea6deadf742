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
  package private(set) var reorder: SupplyReorder?
  package private(set) var version: Int64 = 1
  package private(set) var updatedAt: Timestamp

  /// Sums of two quantities stay far from the word's end.
  package static let maximumQuantity: Int64 = 1_000_000_000_000_000

  /// The length of a unit's name, as UTF-8.
  package static let unitBytes = 1...32

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

  /// Whether so little is available that more is to be ordered.
  private var isShort: Bool { details.reorderAt.map { available <= $0 } ?? false }

  package var status: SupplyStatus {
    if isDeleted { return .deleted }
    if available == 0 { return .out }
    return isLow ? .low : .available
  }

  /// How many of the smallest unit `quantity` of the named one are; nil names the smallest.
  package func smallest(_ quantity: Int64, of unit: String?) throws -> Int64 {
    guard let unit, unit != terms.unit else { return quantity }
    guard let factor = details.units?[unit] else {
      throw SupplyRefusal.unknownUnit(
        unit, known: [terms.unit] + (details.units ?? [:]).keys.sorted())
    }
    let (product, overflow) = quantity.multipliedReportingOverflow(by: factor)
    guard !overflow else { throw SupplyRefusal.quantityOutOfRange(quantity) }
    return product
  }

  /// How much is to come, where somebody names `quantity` of `unit`, or nothing.
  package func reordered(_ quantity: Int64?, of unit: String?) throws -> Int64 {
    if let quantity { return try smallest(quantity, of: unit) }
    guard let known = reorder?.quantity ?? details.reorderQuantity else {
      throw SupplyRefusal.reorderQuantityMissing(id)
    }
    return known
  }

  /// `updated` for every change, and besides, where what is available has fallen to the limit of
  /// each, `low_stock` and `reordered`. A reorder is begun once: until stock has come or somebody
  /// has closed it there is no other, however stock goes up and down.
  package mutating func apply(_ fact: SupplyFact, at time: Timestamp) throws -> [String] {
    let before = self
    try take(fact, at: time)
    // Whether it counts as fallen to its limits although it was there before.
    let isBeginning = fact == .assessed && version == 1
    guard self != before || isBeginning else { return [] }
    version += 1
    updatedAt = time
    if isDeleted { return ["deleted"] }
    return ["updated"] + (isLow && (isBeginning || !before.isLow) ? ["low_stock"] : [])
      + (beginsReorder(after: fact, before: before, at: time) ? ["reordered"] : [])
  }

  /// Whether so little was there at the beginning that somebody is to be told.
  package var isFoundedLow: Bool { version == 1 && (isLow || isShort) }

  private mutating func beginsReorder(
    after fact: SupplyFact, before: SupplyItem, at time: Timestamp
  ) -> Bool {
    // What came may be too little, as what was there at the beginning.
    let isTooLittle =
      switch fact {
      case .reorderReceived, .assessed: true
      default: false
      }
    guard isShort, reorder == nil, isTooLittle || !before.isShort else { return false }
    reorder = SupplyReorder(status: .open, quantity: details.reorderQuantity, since: time)
    return true
  }

  private mutating func take(_ fact: SupplyFact, at time: Timestamp) throws {
    guard !isDeleted else { throw SupplyRefusal.deleted(id) }
    switch fact {
    case .founded: throw SupplyRefusal.foundedAlready(id)
    case .assessed: break
    case .described(let details):
      self.details = details
      endReorder(hasArrived: false)
      if reorder?.status == .open { reorder?.quantity = details.reorderQuantity }
    case .adjusted(let change, let reason, _, _):
      try set(onHand: try Self.sum(onHand, change))
      endReorder(hasArrived: change > 0 && reason == .delivery)
    case .counted(let found, _, _):
      try set(onHand: found)
      endReorder(hasArrived: false)
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
      reorder = nil
    case .reorderPlaced, .reorderReceived, .reorderClosed: try takeReorder(fact, at: time)
    }
  }

  /// What was ordered stays to come until it has.
  private mutating func endReorder(hasArrived: Bool) {
    if !isShort, hasArrived || reorder?.status == .open { reorder = nil }
  }

  private mutating func takeReorder(_ fact: SupplyFact, at time: Timestamp) throws {
    switch fact {
    case .reorderPlaced(let quantity, let reference, _):
      try check(quantity)
      // Also without one that is open: somebody sees ahead.
      reorder = SupplyReorder(
        status: .ordered, quantity: quantity, reference: reference ?? reorder?.reference,
        since: reorder?.since ?? time)
    case .reorderReceived(let quantity, _, _):
      guard reorder != nil else { throw SupplyRefusal.noReorder(id) }
      try check(quantity)
      try set(onHand: try Self.sum(onHand, quantity))
      reorder = nil
    case .reorderClosed:
      guard reorder != nil else { throw SupplyRefusal.noReorder(id) }
      reorder = nil
    default: preconditionFailure("nothing about reorders")
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
