/// A lease as the database has it, for those who only want to know.
package struct LeaseStatus: Sendable, Equatable {
  package let name: String
  /// Nil where it was given back, or never taken.
  package let holder: String?
  package let epoch: Int64
  /// By the database's clock, in microseconds: how long it still holds; negative since it ran out.
  package let remainingMicroseconds: Int64

  /// Whether someone has it now.
  package var isHeld: Bool { holder != nil && remainingMicroseconds > 0 }
}
