internal import Aggregates
package import ChainTypes
package import Database
internal import Messages
internal import Notifications
internal import Orders
internal import Tenancy

/// Makes what is sent of a delivery: with the customer's address, language and zone as they are by
/// now, and with the code for an order that is ready. Neither stands in the queue.
package struct MessageWriter: Sendable {
  let database: any Database
  /// Nil where orders aren't handed out for codes.
  let claims: (any ClaimCodeReading)?
  /// Where the API is reached from outside, without a slash at its end; nil where that isn't known.
  let publicURL: String?
  let now: @Sendable () -> Timestamp
  private let orders = OrderRecords()

  /// How long an order's code is waited for: it is issued by another service.
  private static let codePatienceSeconds: Int64 = 120
  /// How long is waited for orders to hear of a payment's end.
  private static let orderPatienceSeconds: Int64 = 120

  package init(
    database: any Database, claims: (any ClaimCodeReading)? = nil, publicURL: String? = nil,
    now: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.claims = claims
    self.publicURL = publicURL
    self.now = now
  }

  enum Written: Sendable {
    case message(Message, CustomerPreferences)
    /// Nobody is to be told this any more; why.
    case unwanted(String)
    /// Something isn't there yet.
    case early(String, afterSeconds: Int64)
  }

  func write(_ delivery: Delivery, for channel: CustomerChannel) async throws -> Written {
    let (now, target) = (now(), delivery.target)
    guard delivery.createdAt.adding(seconds: CustomerEvents.maximumAgeSeconds) > now else {
      return .unwanted("it is too old to be told")
    }
    let notice = try CanonicalJSON.value(Notice.self, from: delivery.content)
    if let end = notice.end, end <= now { return .unwanted("what it asks for is over") }
    let (preferences, shop, order) = try await database.read { connection in
      (
        try PreferenceRecords.load(
          tenant: target.tenant, customer: target.key, in: connection),
        try Tenants.find(target.tenant, in: connection)?.name ?? target.tenant,
        try known(notice.order, tenant: target.tenant, in: connection)
      )
    }
    // What is sent again comes behind newer news.
    guard delivery.attempts < 2 || notice.isStillSo(for: order.status) else {
      return .unwanted("it isn't so any more")
    }
    if case .expired = notice, let status = order.status {
      let patience = delivery.createdAt.adding(seconds: Self.orderPatienceSeconds)
      if status == .pending, now < patience {
        return .early("the order hasn't heard of it yet", afterSeconds: 3)
      }
      // One that had been paid isn't canceled: it is held, which its own event tells.
      guard [.pending, .canceled].contains(status) else { return .unwanted("it had been paid") }
    }
    guard let preferences, preferences.channels(for: notice.topic).contains(channel) else {
      return .unwanted("the customer doesn't want it, or has no address any more")
    }
    var code: String?
    if case .ready = notice, channel == .email, let claims {
      code = try await claims.code(ofOrder: notice.order, tenant: target.tenant)
      let patience = delivery.createdAt.adding(seconds: Self.codePatienceSeconds)
      if code == nil, now < patience {
        var mayCome = order.isHere
        if !mayCome { mayCome = try await claims.knowsCodes(of: target.tenant) }
        if mayCome { return .early("the order has no code yet", afterSeconds: 3) }
      }
    }
    let setting = Message.Setting(
      shop: shop, claimCode: code,
      unsubscribe: channel == .email ? unsubscribeLink(preferences) : nil)
    let reader = Reader(
      preferences.language, clock: TimeZones.clock(preferences.timeZone))
    return .message(Message(notice, in: setting, for: reader), preferences)
  }

  /// How the order stands as far as is known: by its row, or, where orders are kept in another
  /// database, by the last of its events that was heard.
  private func known(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> (status: OrderStatus?, isHere: Bool) {
    let order = try orders.load(id, tenant: tenant, locking: false, in: connection)
    if let order { return (order.status, true) }
    return (try HeardOrders.find(id, tenant: tenant, in: connection)?.status, false)
  }

  func unsubscribeLink(_ preferences: CustomerPreferences) -> String? {
    publicURL.map { $0 + PreferenceRoutes.unsubscribePath(preferences.unsubscribeToken) }
  }
}

extension Notice {
  /// Whether an order of that status is still as this says, so that it may be told behind what came
  /// later. Of an order of which nothing is known here nothing speaks against it.
  fileprivate func isStillSo(for status: OrderStatus?) -> Bool {
    guard let status else { return true }
    return switch self {
    case .confirmed: status == .confirmed
    case .preparing: status == .preparing
    case .ready: status == .ready
    case .held: status == .held
    case .paymentRequested, .partiallyPaid: status == .pending
    case .completed, .canceled, .late, .overpaid, .expired, .refundSent, .refundFinal: true
    }
  }

  /// When what it asks for can't be done any more.
  fileprivate var end: Timestamp? {
    switch self {
    case .paymentRequested(let news), .partiallyPaid(let news): news.expiresAt
    default: nil
    }
  }
}
