internal import Orders
internal import Supply
internal import Synchronization

/// What comes between a service that asks and the one that answers: requests and replies are lost,
/// requests come twice, or once more much later, and somebody does something in between.
final class ServiceCalls: Sendable {
  /// What befalls a call.
  enum Disturbance: Sendable {
    case requestLost, replyLost, twice
    /// The same request comes again when the life says so.
    case belated
    /// Somebody acts while the request is on its way, or while the reply is.
    case interruptedBefore(Act), interruptedAfter(Act)
  }

  /// What somebody else does, told the order that the call is about.
  typealias Act = @Sendable (_ order: String, _ tenant: String) async -> Void

  /// No reply came.
  struct Lost: Error {}

  private struct State {
    var armed: (disturbance: Disturbance, passages: Int)?
    var hasLost = false
    var belated: [@Sendable () async -> Void] = []
  }

  private let state = Mutex(State())
  private let killSwitch: KillSwitch

  init(killSwitch: KillSwitch) { self.killSwitch = killSwitch }

  /// Disturbs the `passages`-th call from now, 1 being the next.
  func arm(_ disturbance: Disturbance, passages: Int) {
    state.withLock { $0.armed = (disturbance, max(1, passages)) }
  }

  /// Whether a call was lost since it was armed; disarms.
  func disarm() -> Bool {
    state.withLock { state in
      defer { (state.armed, state.hasLost) = (nil, false) }
      return state.hasLost
    }
  }

  /// A request that is still on its way, for the life to deliver.
  func takeBelated() -> (@Sendable () async -> Void)? {
    state.withLock { $0.belated.isEmpty ? nil : $0.belated.removeFirst() }
  }

  func pass<Reply: Sendable>(
    _ order: String, _ tenant: String, _ body: @escaping @Sendable () async throws -> Reply
  ) async throws -> Reply {
    try killSwitch.pass(.beforeServiceCall)
    let reply: Reply
    switch next() {
    case .requestLost: throw lost()
    case .replyLost:
      _ = try await body()
      throw lost()
    case .twice:
      _ = try await body()
      reply = try await body()
    case .belated:
      reply = try await body()
      state.withLock { $0.belated.append { _ = try? await body() } }
    case .interruptedBefore(let act):
      await act(order, tenant)
      reply = try await body()
    case .interruptedAfter(let act):
      reply = try await body()
      await act(order, tenant)
    case nil: reply = try await body()
    }
    try killSwitch.pass(.afterServiceCall)
    return reply
  }

  private func lost() -> Lost {
    state.withLock { $0.hasLost = true }
    return Lost()
  }

  private func next() -> Disturbance? {
    state.withLock { state in
      guard let armed = state.armed else { return nil }
      guard armed.passages > 1 else {
        state.armed = nil
        return armed.disturbance
      }
      state.armed?.passages -= 1
      return nil
    }
  }
}

/// Stock, asked over a way on which things go wrong.
struct DistantStock: StockReserving {
  let stock: any StockReserving
  let calls: ServiceCalls

  func reserve(_ request: ReserveStock) async throws -> ReserveStockReply {
    try await calls.pass(request.order, request.tenant) { try await stock.reserve(request) }
  }

  func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply {
    try await calls.pass(request.order, request.tenant) { try await stock.consume(request) }
  }

  func release(_ request: ReleaseStock) async throws -> ReleaseStockReply {
    try await calls.pass(request.order, request.tenant) { try await stock.release(request) }
  }
}

/// Payments, asked over such a way.
struct DistantPayments: PaymentRequesting {
  let payments: any PaymentRequesting
  let calls: ServiceCalls

  func request(_ request: RequestPayment) async throws -> RequestPaymentReply {
    try await calls.pass(request.order, request.tenant) { try await payments.request(request) }
  }

  func withdraw(_ request: WithdrawPayment) async throws {
    try await calls.pass(request.order, request.tenant) { try await payments.withdraw(request) }
  }
}
