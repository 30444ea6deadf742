internal import Bytes
package import ChainTypes
package import Database
internal import Digests
package import EventLog
package import HTTPServer
package import Prices
package import Settlement
internal import Tenancy

/// What the payment routes share: the service behind them, and where time comes from.
package struct PaymentGateway: Sendable {
  package let database: any Database
  package let service: PaymentService
  package let feed: EventFeed
  package let streams: SSEResponse
  package let now: @Sendable () -> Timestamp
  /// Called after a transaction that appended events.
  package let onEvents: @Sendable () -> Void
  /// Called where no address was ready.
  package let onAddressesNeeded: @Sendable () -> Void
  /// How many payments a tenant may make at once and in a minute: addresses cost it nothing else.
  package let creationLimits: RouteLimits
  /// What turns prices into amounts; nil where nobody does.
  package let rates: (any PriceRates)?

  package init(
    database: any Database, service: PaymentService, feed: EventFeed, streams: SSEResponse,
    creationLimits: RouteLimits, rates: (any PriceRates)? = nil,
    now: @escaping @Sendable () -> Timestamp,
    onEvents: @escaping @Sendable () -> Void, onAddressesNeeded: @escaping @Sendable () -> Void
  ) {
    self.database = database
    self.service = service
    self.feed = feed
    self.streams = streams
    self.creationLimits = creationLimits
    self.rates = rates
    self.now = now
    self.onEvents = onEvents
    self.onAddressesNeeded = onAddressesNeeded
  }

  /// Who reads payments, refunds and what happened to them.
  static let reading = RouteAccess.roles(.shopManager, .finance, .auditor)

  package func register(on router: APIRouter) {
    router.addSchema(Schemas.payment, named: "Payment")
    router.addSchema(Schemas.transfer, named: "Transfer")
    router.addSchema(RefundSchemas.refund, named: "Refund")
    router.addSchema(EventAnswers.schema, named: "Event")
    router.addSchema(Schemas.inclusionProof, named: "InclusionProof")
    router.addSchema(Schemas.executionProof, named: "ExecutionProof")
    registerPayments(on: router)
    registerQRCode(on: router)
    registerProof(on: router)
    registerDecisions(on: router)
    registerRefunds(on: router)
    registerEvents(on: router)
  }

  /// Runs `body` and turns what the service refuses into problems.
  func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as PaymentRefusal {
      if case .noAddressReady = refusal { onAddressesNeeded() }
      throw Problem(refusal)
    } catch let refusal as RefundRefusal {
      throw Problem(refusal)
    } catch let refusal as QuoteRefusal {
      throw Problem(refusal)
    } catch let refusal as RateRefusal {
      throw Problem(refusal, price: "price.amount", currency: "price.currency")
    } catch let error as PaymentErrorReply {
      throw error.problem
    }
  }
}
