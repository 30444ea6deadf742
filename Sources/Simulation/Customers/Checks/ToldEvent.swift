internal import ChainTypes
internal import Database
internal import JSON

/// An event as it stands in the log.
struct ToldEvent {
  let position: Int64
  let id: [UInt8]
  let type: String
  let subject: String
  let sequence: Int64
  let tenant: String?
  let time: Int64
  let data: String

  /// The last word of the type.
  var word: String { String(type.drop { $0 != "." }.dropFirst()) }

  static func read(
    after position: Int64, limit: Int64, in connection: any SQLConnection
  ) throws -> [ToldEvent] {
    try connection.query(
      """
      SELECT position, id, type, subject, sequence, tenant, time, data FROM events
      WHERE position > $1 ORDER BY position LIMIT $2
      """, [.integer(position), .integer(limit)]
    ).map { row in
      try ToldEvent(
        position: row.integer("position"), id: row.blob("id"), type: row.text("type"),
        subject: row.text("subject"), sequence: row.integer("sequence"),
        tenant: row.optionalText("tenant"), time: row.integer("time"), data: row.text("data"))
    }
  }
}

/// What people were told of an order last.
struct ToldOrder {
  let tenant: String
  var status = ""
  /// Where it stood when it was held; nil where it isn't.
  var heldFrom: String?
  var stock = ""
  var attention: String?
  var cancellation: String?
  var customer: String?
  var location = ""
  /// What it takes of each product, worked out from the items.
  var takes: [String: Int64] = [:]
  var total: UInt64 = 0
  var payment: String?
  var paymentLevel: String?
  /// In its payment's minor units; nil where nobody has told it.
  var received: UInt64?
  var refunded: UInt64 = 0
  /// By which it was handed over.
  var claim: String?
  var version: Int64 = 0
  /// Whether it was ever told as ready.
  var wasReady = false
  /// Whether that it was completed, or canceled, was told as that.
  var wasToldToEnd = false
  /// The document without what only events have.
  var document: [JSONValue.Member] = []

  init(tenant: String) { self.tenant = tenant }

  var hasEnded: Bool { status == "completed" || status == "canceled" }
}

/// What people were told of a supply last, and what was told of it over time.
struct ToldSupply {
  var onHand: Int64 = 0
  var reserved: Int64 = 0
  /// Consumed by orders, less what they returned.
  var used: Int64 = 0
  var isDeleted = false
}

/// What people were told of a payment last.
struct ToldPayment {
  let tenant: String
  let order: String?
  let address: String
  let asset: String
  let amount: UInt64
  var status = ""
  var received: UInt64 = 0
  /// What has gone back for good, by refund.
  var refunds: [String: UInt64] = [:]
  /// What had come when an operator closed it last; nil where nobody has.
  var closedAt: UInt64?
  /// Whether it was ever told as paid.
  var wasPaid = false
}

/// What people were told of a claim last.
struct ToldClaim {
  let order: String
  let tenant: String
  var status = ""
  var attemptsLeft: Int64 = 0
}
