internal import ChainTypes
internal import Deployment
internal import ServiceCalls
internal import Settings
internal import Watching

/// The services in other processes that this one asks, as the configuration names them.
struct ServicePeers: Sendable {
  /// Nil where this process itself is asked.
  let supply: ServiceConnection?
  let payments: ServiceConnection?
  /// What `prices` answers.
  let rates: RemoteRates?
  private let prices: ServiceConnection?

  init(roles: Set<Role>, in surroundings: Surroundings) throws {
    let settings = surroundings.plan.configuration.services
    func connection(
      _ address: ServiceSettings.Address?, for askers: Set<Role>
    ) throws -> ServiceConnection? {
      guard !roles.isDisjoint(with: askers) else { return nil }
      return try address.map { try Self.connection($0, surroundings) }
    }
    supply = try connection(settings.supply, for: [.orders])
    payments = try connection(settings.payments, for: [.orders])
    // Who keeps rates up has them.
    let prices =
      try roles.contains(.prices) ? nil : connection(settings.prices, for: [.orders, .api])
    self.prices = prices
    let pricing = surroundings.plan.configuration.prices
    rates = prices.flatMap { pricing?.rates(over: $0) { SystemTime().now } }
  }

  private static func connection(
    _ address: ServiceSettings.Address, _ surroundings: Surroundings
  ) throws -> ServiceConnection {
    let settings = surroundings.plan.configuration.services
    return try ServiceConnection(
      host: address.host, port: Int(address.port), tokens: settings.callTokens,
      security: settings.tls.map { .tls(authority: $0.authority) } ?? .plain,
      metrics: surroundings.metrics)
  }

  /// Keeps the connections until cancelled.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for connection in [supply, payments, prices].compactMap(\.self) {
        group.addTask { try await connection.run() }
      }
      try await group.waitForAll()
    }
  }
}
