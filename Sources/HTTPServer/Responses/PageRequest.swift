/// Which part of a list is asked for: at most `limit` items behind the cursor `after`.
package struct PageRequest: Sendable, Equatable {
  package let limit: Int
  /// Opaque to clients; the route knows what it wrote there (a key of the last item).
  package let after: String?

  package static let limitMaximum: Int64 = 1_000
  package static let limitDefault: Int64 = 50

  /// What is asked for where nothing is said.
  package static let first = PageRequest(limit: Int(limitDefault), after: nil)

  package init(limit: Int, after: String?) {
    self.limit = limit
    self.after = after
  }
}
