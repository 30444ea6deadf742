/// The right to do something that only one process does at a time, such as watching a chain.
///
/// It runs out by the database's clock. What its holder writes is fenced by `epoch`, which grows
/// whenever the lease is taken: a holder that slept past its term finds another one's there.
package struct Lease: Sendable, Hashable {
  /// What is held, such as `watcher:bitcoin-mainnet:eu`.
  package let name: String
  /// Who holds it: a name that no other process has, nor this one after a restart.
  package let holder: String
  /// From 1; it never goes back.
  package let epoch: Int64

  package init(name: String, holder: String, epoch: Int64) {
    self.name = name
    self.holder = holder
    self.epoch = epoch
  }
}

/// The lease has run out or another holder has it: nothing was written under it.
package struct LeaseLost: Error, Sendable, Hashable {
  package let lease: Lease

  package init(_ lease: Lease) {
    self.lease = lease
  }
}
