/// Another way to what a step makes, for a table that is large and in use: what there is goes over
/// into new tables part by part, each in a transaction of its own beside those who write, and only
/// the last, short one holds them up.
///
/// The step's statements stay what is recorded, what small tables get, and what this is held
/// against: both ways end in the same schema.
package struct OnlineChange: Sendable {
  /// How many rows go over in one transaction at most, and so for how many rows' time somebody may
  /// have to wait. A table that has no more is changed at once.
  package static let batch = 5_000

  /// Does the next part; false where nothing is left to prepare. A program that ends between two
  /// parts is followed by one that goes on there.
  package let advance: @Sendable (any SQLConnection) throws -> Bool
  /// What is to be built then, outside transactions, before the last one; nothing where nothing was
  /// prepared.
  package let indexes: @Sendable (any SQLConnection) throws -> [OnlineIndex]
  /// Whether a part was done.
  package let isPrepared: @Sendable (any SQLConnection) throws -> Bool
  /// In place of the step's statements where a part was done: what came in since, and the new
  /// tables in place of the old.
  package let finish: @Sendable (any SQLConnection) throws -> Void

  package init(
    advance: @escaping @Sendable (any SQLConnection) throws -> Bool = { _ in false },
    indexes: @escaping @Sendable (any SQLConnection) throws -> [OnlineIndex] = { _ in [] },
    isPrepared: @escaping @Sendable (any SQLConnection) throws -> Bool,
    finish: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) {
    self.advance = advance
    self.indexes = indexes
    self.isPrepared = isPrepared
    self.finish = finish
  }
}

extension SQLConnection {
  /// Whether the table has more rows than one transaction of an online change takes over.
  package func isLarge(_ table: String) throws -> Bool {
    let row = try queryFirst(
      "SELECT COUNT(*) AS count FROM (SELECT 1 FROM \(table) LIMIT \(OnlineChange.batch + 1)) AS page"
    )
    return try row?.integer("count") ?? 0 > OnlineChange.batch
  }
}
