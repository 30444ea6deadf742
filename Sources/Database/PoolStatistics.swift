/// How a pool of connections is doing, for metrics.
package struct PoolStatistics: Sendable, Equatable {
  /// How many connections there may be.
  package var size: Int
  /// How many there are.
  package var open: Int
  /// How many run transactions.
  package var inUse: Int
  /// How many bodies wait for one.
  package var waiting: Int

  package init(size: Int, open: Int, inUse: Int, waiting: Int) {
    self.size = size
    self.open = open
    self.inUse = inUse
    self.waiting = waiting
  }
}
