package import ChainTypes

/// What one order has set aside, as its supplies' rows say it together: a value whose steps answer
/// how stock moves.
///
///     none ──► held ──► consumed ──► returned
///               │ ▲
///               ▼ │ a higher revision
///       released, expired
///
/// The order numbers what it wants, its revisions, upwards. A request of a lower revision than one
/// that was answered comes too late and moves nothing: neither does a reservation come back that
/// its order has given up, nor does a repeated request count twice.
package struct Reservation: Equatable, Sendable {
  package private(set) var status = Status.none
  /// The highest that was taken.
  package private(set) var revision: Int64 = 0
  /// When stock is released by itself; nil where the order releases or consumes it.
  package private(set) var expiresAt: Timestamp?
  /// Quantities by supply; of what has ended, what it last was.
  package private(set) var lines: [String: Int64] = [:]

  package enum Status: String, Codable, Sendable, CaseIterable {
    case none, held, consumed, released, expired, returned
  }

  /// How one supply's stock moves.
  package struct Move: Equatable, Sendable {
    package enum Kind: Sendable { case reserve, release, consume, `return` }

    package let supply: String
    package let kind: Kind
    package let quantity: Int64

    package init(_ kind: Kind, _ quantity: Int64, of supply: String) {
      self.kind = kind
      self.quantity = quantity
      self.supply = supply
    }

    package func fact(of order: String) -> SupplyFact {
      switch kind {
      case .reserve: .reserved(order: order, quantity: quantity)
      case .release: .released(order: order, quantity: quantity)
      case .consume: .consumed(order: order, quantity: quantity)
      case .return: .returned(order: order, quantity: quantity)
      }
    }
  }

  package init() {}

  package init(status: Status, revision: Int64, expiresAt: Timestamp?, lines: [String: Int64]) {
    self.status = status
    self.revision = revision
    self.expiresAt = expiresAt
    self.lines = lines
  }

  /// Whether a request for stock of this revision moves anything: a repeated or belated one
  /// doesn't, nor does one for an order that has used its stock.
  package func takes(_ revision: Int64) -> Bool {
    revision > self.revision && status != .consumed && status != .returned
  }

  /// Holds `lines` in place of what it held. To be asked of a revision that it takes.
  package mutating func reserve(
    _ lines: [String: Int64], revision: Int64, until: Timestamp?
  ) -> [Move] {
    precondition(takes(revision), "the caller has asked")
    let held = status == .held ? self.lines : [:]
    self = Reservation(status: .held, revision: revision, expiresAt: until, lines: lines)
    return Set(held.keys).union(lines.keys).sorted().compactMap { supply in
      let change = (lines[supply] ?? 0) - (held[supply] ?? 0)
      if change == 0 { return nil }
      return Move(change > 0 ? .reserve : .release, abs(change), of: supply)
    }
  }

  /// Uses what is held, once.
  package mutating func consume() -> [Move] {
    guard status == .held else { return [] }
    status = .consumed
    return moves(.consume)
  }

  /// Gives back what is held, or what was consumed and not used.
  package mutating func release(revision: Int64) -> [Move] {
    guard revision > self.revision else { return [] }
    self.revision = revision
    switch status {
    case .held:
      status = .released
      return moves(.release)
    case .consumed:
      status = .returned
      return moves(.return)
    case .none:
      // Remembered, so that a request that was overtaken finds it.
      status = .released
      return []
    case .released, .expired, .returned: return []
    }
  }

  /// Gives back what nobody has used in time.
  package mutating func expire(at now: Timestamp) -> [Move] {
    guard status == .held, let expiresAt, expiresAt <= now else { return [] }
    status = .expired
    return moves(.release)
  }

  private func moves(_ kind: Move.Kind) -> [Move] {
    lines.keys.sorted().compactMap { supply in
      lines[supply].map { Move(kind, $0, of: supply) }
    }
  }
}
