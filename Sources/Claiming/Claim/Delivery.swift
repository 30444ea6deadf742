/// A courier's way with an order: `assigned ──► picked_up ──► delivered`. The last is the hand-over
/// at the door, with the code.
///
/// Where the order goes is no part of it: an address is somebody's, and is kept apart, until the
/// claim has ended.
package struct Delivery: Codable, Equatable, Sendable {
  /// Who brings it.
  package let courier: String
  /// Counts how often courier or address were named.
  package let revision: Int64
  package internal(set) var status = Status.assigned

  package enum Status: String, Codable, Sendable, CaseIterable {
    case assigned
    case pickedUp = "picked_up"
    case delivered
  }

  init(courier: String, revision: Int64) {
    self.courier = courier
    self.revision = revision
  }
}
