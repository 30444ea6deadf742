internal import ChainTypes
internal import Deployment
internal import Leases
internal import Logging
internal import Settings
internal import Settlement
internal import Synchronization
internal import Watching

/// Derives addresses ahead while this process holds the lease for it: woken by those who take
/// addresses, and now and then by itself.
///
/// To look how many are free costs more the more there are. So it looks once a part of them may be
/// gone, and at once where one was missing.
final class AddressFilling: Sendable {
  private let surroundings: Surroundings
  private let addresses: AddressPool
  /// The numbers of the configured ones: those that get new addresses.
  private let accounts: Set<Int64>
  /// Of the lease held now; a cancelled reader ends a stream for ever, so each has its own.
  private let waker = Mutex<AsyncStream<Void>.Continuation?>(nil)
  /// How many may have been taken since it was woken.
  private let taken = Atomic<Int>(0)

  init(_ addresses: AddressPool, accounts: Set<Int64>, in surroundings: Surroundings) {
    self.addresses = addresses
    self.accounts = accounts
    self.surroundings = surroundings
  }

  /// One may have been taken.
  func noteTaken() {
    let count = taken.wrappingAdd(1, ordering: .relaxed).newValue
    if count > addresses.ready / 8 { wake() }
  }

  func wake() {
    taken.store(0, ordering: .relaxed)
    _ = waker.withLock { $0?.yield() }
  }

  func run() async throws {
    let ticker = Task {
      while !Task.isCancelled {
        wake()
        try await Task.sleep(for: .seconds(1))
      }
    }
    defer { ticker.cancel() }
    try await surroundings.whileHolding("addresses:\(surroundings.region)") { lease in
      try await self.fill(under: lease)
    }
  }

  private func fill(under lease: Lease) async throws {
    let chains = surroundings.plan.configuration.chains.map(\.spec)
    // Chains of a family have the same addresses: one stands for all.
    let families = Dictionary(chains.map { ($0.family.name, $0.family) }) { first, _ in first }
    let (wakes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    waker.withLock { $0 = continuation }
    wake()
    for await _ in wakes {
      for family in families.values {
        do {
          while !Task.isCancelled,
            try await addresses.fill(family, accounts: accounts, under: lease) > 0
          {}
        } catch let lost as LeaseLost {
          throw lost
        } catch {
          surroundings.logger.error(
            "deriving addresses failed", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
