import ChainTypes
import Orders
import Prices
import Supply
import Synchronization

/// Stock that answers as a test says, and remembers what it was asked.
final class ScriptedStock: StockReserving {
  enum Asked: Equatable {
    case reserve(ReserveStock)
    case consume(ConsumeStock)
    case release(ReleaseStock)
  }

  private let log = Mutex<[Asked]>([])
  let onReserve: @Sendable (ReserveStock) async throws -> ReserveStockReply

  init(
    onReserve: @escaping @Sendable (ReserveStock) async throws -> ReserveStockReply = { _ in
      .reserved
    }
  ) {
    self.onReserve = onReserve
  }

  var asked: [Asked] { log.withLock(\.self) }

  func reserve(_ request: ReserveStock) async throws -> ReserveStockReply {
    log.withLock { $0.append(.reserve(request)) }
    return try await onReserve(request)
  }

  func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply {
    log.withLock { $0.append(.consume(request)) }
    return request.order == "ord_none" ? .notHeld : .consumed
  }

  func release(_ request: ReleaseStock) async throws -> ReleaseStockReply {
    log.withLock { $0.append(.release(request)) }
    return .released
  }
}

/// Payments that answer as a test says.
final class ScriptedPayments: PaymentRequesting {
  private let log = Mutex<[WithdrawPayment]>([])
  let onRequest: @Sendable (RequestPayment) async throws -> RequestPaymentReply

  init(onRequest: @escaping @Sendable (RequestPayment) async throws -> RequestPaymentReply) {
    self.onRequest = onRequest
  }

  var withdrawn: [WithdrawPayment] { log.withLock(\.self) }

  func request(_ request: RequestPayment) async throws -> RequestPaymentReply {
    try await onRequest(request)
  }

  func withdraw(_ request: WithdrawPayment) async throws {
    log.withLock { $0.append(request) }
  }
}

/// Rates that are what a test says.
final class ScriptedRates: PriceRates {
  let pairs: [CurrencyPair] = []
  let quoteLifetimeSeconds: Int64 = 60
  private let state = Mutex((asked: [CurrencyPair](), answer: Answer.success(nil)))

  typealias Answer = Result<CurrentRate?, RateRefusal>

  init(_ answer: Answer) { self.answer = answer }

  var asked: [CurrencyPair] { state.withLock(\.asked) }

  /// Without a rate it is one that there is no pair for.
  var answer: Answer {
    get { state.withLock(\.answer) }
    set { state.withLock { $0.answer = newValue } }
  }

  func rate(of pair: CurrencyPair) async throws -> CurrentRate {
    let answer = state.withLock { state in
      state.asked.append(pair)
      return state.answer
    }
    guard let rate = try answer.get() else {
      throw RateRefusal.unknownPair(base: pair.base, quote: pair.quote, known: [])
    }
    return rate
  }
}
