internal import ChainTypes
internal import Database
internal import EventLog
internal import Keys
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
  /// Has `PaymentEvents` hear what the broker brings.
  let hearing: Consumer<BrokerSource>
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
    let events = PaymentEvents(now: now)
    hearing = try Consumer(
      name: PaymentEvents.consumer, source: BrokerSource(surroundings.brokers.payments),
      database: database, interest: PaymentEvents.interest, now: now, handler: events.handle)
    sequencer = Sequencer(database: database)
    addresses = AddressPool(database: database, ready: 24, derivation: .batched)
  }
}

/// The brokers' topics, as each consumer has them.
struct Brokers: Sendable {
  let payments = Broker(.payment)

  var all: [Broker] { [payments] }
}
