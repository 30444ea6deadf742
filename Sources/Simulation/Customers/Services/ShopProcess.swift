internal import ChainTypes
internal import Claiming
internal import CustomerMessages
internal import Database
internal import EventLog
internal import HTTPClient
internal import Keys
internal import Messages
internal import Notifications
internal import Orders
internal import Settlement
internal import Supply

/// One process of all services: everything that a kill takes with it.
struct ShopProcess {
  let database: MortalDatabase
  let orders: OrderService
  let stock: SupplyService
  let saga: OrderSaga
  let payments: PaymentService
  let claims: ClaimService
  /// Services that hear what brokers bring.
  let hearings: [Consumer<BrokerSource>]
  /// Who enqueues what people are to be told of events.
  let tellings: [Telling]
  /// Sends it.
  let notifier: DeliveryWorker
  let sequencer: Sequencer
  let addresses: AddressPool

  /// What outlives it.
  struct Surroundings: Sendable {
    let database: any Database
    let killSwitch: KillSwitch
    let calls: ServiceCalls
    let brokers: Brokers
    let now: @Sendable () -> Timestamp
    let random: RandomStream
    let policies: [String: TenantPolicy]
    let specs: [ChainSpec]
    let postbox: Postbox
  }

  init(_ surroundings: Surroundings) throws {
    let (now, calls) = (surroundings.now, surroundings.calls)
    let database = MortalDatabase(
      database: surroundings.database, killSwitch: surroundings.killSwitch)
    self.database = database
    orders = OrderService(database: database)
    stock = SupplyService(database: database, now: now, onEvents: {})
    // Addresses that a process sets aside are its own until the database's clock says otherwise,
    // which isn't in the life's hands: so it sets none aside.
    payments = PaymentService(
      specs: surroundings.specs, policies: surroundings.policies, region: "eu", reserve: 0)
    saga = OrderSaga(
      database: database, stock: DistantStock(stock: stock, calls: calls),
      payments: DistantPayments(
        payments: SettlementPayments(
          database: database, service: payments, now: now, onEvents: {}, onAddressesNeeded: {},
          random: { [random = surroundings.random] in random.nextPair() }),
        calls: calls), now: now, onEvents: {})
    claims = ClaimService(database: database, region: "eu", orders: OrdersAtHand())
    let brokers = surroundings.brokers
    func hearing(
      _ name: String, _ sources: [Broker], _ interest: EventInterest,
      _ handler: @escaping EventHandler
    ) throws -> Consumer<BrokerSource> {
      try Consumer(
        name: name, source: BrokerSource(sources), database: database, interest: interest,
        now: now, handler: handler)
    }
    let orderEvents = OrderEvents(
      region: "eu", now: now, random: { [random = surroundings.random] in random.nextPair() })
    hearings = try [
      hearing(
        PaymentEvents.consumer, [brokers.payments], PaymentEvents.interest,
        PaymentEvents(now: now).handle),
      hearing(OrderEvents.consumer, [brokers.orders], OrderEvents.interest, orderEvents.handle),
      hearing(
        ClaimEvents.consumer, [brokers.claims], ClaimEvents.interest, ClaimEvents(now: now).handle),
    ]
    let news = CustomerEvents(
      payments: payments, channels: Set(CustomerChannel.allCases), now: now)
    tellings = try [
      Telling(
        hearing(
          CustomerEvents.consumer, [brokers.newsOfPayments, brokers.newsOfOrders],
          CustomerEvents.interest, news.handle)),
      Telling(
        Consumer(
          name: WebhookEvents.consumer,
          source: LogSource(
            database: database, feed: EventFeed(), topics: WebhookEvents.topics),
          database: database, now: now, handler: WebhookEvents(now: now).handle)),
    ]
    notifier = Self.notifier(surroundings, database, claims)
    sequencer = Sequencer(database: database)
    addresses = AddressPool(database: database, ready: 24, derivation: .batched)
  }
}

extension ShopProcess {
  private static func notifier(
    _ surroundings: Surroundings, _ database: MortalDatabase, _ claims: ClaimService
  ) -> DeliveryWorker {
    let postbox = surroundings.postbox
    let writer = MessageWriter(
      database: database, claims: CodeReading(claims: claims), now: surroundings.now)
    guard let sender = MailAddress("orders@shops.example") else {
      preconditionFailure("an address")
    }
    let mail = MailChannel(
      writer: writer, client: PostboxMail(postbox: postbox),
      outbox: .init(server: .init(url: "smtp://mail.example"), sender: sender))
    let push = PushChannel(writer: writer, providers: [PostboxDevices(postbox: postbox)])
    var options = DeliveryWorkerOptions()
    // One after the other, so that a life replays.
    options.attempts = 1
    return DeliveryWorker(
      database: database, channels: [mail, push, PostboxServers(postbox: postbox)],
      options: options, now: surroundings.now,
      random: { [random = surroundings.random] in random.next() })
  }
}

private struct CodeReading: ClaimCodeReading {
  let claims: ClaimService

  func code(ofOrder order: String, tenant: String) async throws -> String? {
    try await claims.code(ofOrder: order, tenant: tenant)?.code.grouped
  }
}

/// A consumer, wherever it reads.
struct Telling: Sendable {
  /// Whether there was something to handle.
  let step: @Sendable () async throws -> Bool

  init<Source: EventSource>(_ consumer: Consumer<Source>) {
    step = { try await consumer.step(waiting: .zero)?.isEmpty == false }
  }
}

/// The brokers' topics, as each consumer has them.
struct Brokers: Sendable {
  let payments = Broker(.payment)
  let orders = Broker(.order)
  let claims = Broker(.claim)
  // Messages are begun in the order in which they were enqueued: there a subject's order is kept,
  // as brokers do.
  let newsOfPayments = Broker(.payment, keepsOrder: true)
  let newsOfOrders = Broker(.order, keepsOrder: true)

  var all: [Broker] { [payments, orders, claims, newsOfPayments, newsOfOrders] }
}

/// Orders in the same database, as claiming asks for them.
struct OrdersAtHand: ClaimedOrders {
  func standing(
    of order: String, tenant: String, in connection: any SQLConnection
  ) throws -> ClaimedOrder? {
    let status = try OrderRecords().status(of: order, tenant: tenant, in: connection)
    return status.flatMap { ClaimedOrder(rawValue: $0.rawValue) }
  }
}
