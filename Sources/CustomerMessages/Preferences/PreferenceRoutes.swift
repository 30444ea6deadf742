internal import Audit
package import ChainTypes
package import Database
internal import EventLog
internal import Foundation
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Messages
internal import Tenancy

/// `/v1/customers/{customer}/notifications`: how a customer wants to be told; and the page on which
/// one who has had a mail ends them.
package struct PreferenceRoutes: Sendable {
  let database: any Database
  let now: @Sendable () -> Timestamp

  package init(database: any Database, now: @escaping @Sendable () -> Timestamp) {
    self.database = database
    self.now = now
  }

  private static let customerBytes = 1...128
  /// Customers about themselves.
  private static let access = RouteAccess.roles(.customer, .shopManager)

  package func register(on router: APIRouter) {
    router.addSchema(PreferenceSchemas.preferences, named: "CustomerNotifications")
    let preferences = OpenAPIDocument.reference("CustomerNotifications")
    let path = "/v1/customers/{customer}/notifications"
    router.on(
      .put, path,
      OpenAPIOperation(
        "putCustomerNotifications", "Say how a customer is told what becomes of orders",
        tag: "notifications", requestSchema: PreferenceSchemas.request,
        answers: [.init(200, "What holds from now on.", schema: preferences)]),
      access: Self.access
    ) { request, context in try await put(request, context) }
    router.on(
      .get, path,
      OpenAPIOperation(
        "getCustomerNotifications", "How a customer is told what becomes of orders",
        tag: "notifications",
        answers: [.init(200, "What holds.", schema: preferences), .problem(404, "not-found.")]),
      access: Self.access
    ) { _, context in
      let (tenant, customer) = try Self.customer(context)
      let found = try await database.read(as: tenant) {
        try PreferenceRecords.load(tenant: tenant, customer: customer, in: $0)
      }
      guard let found else { throw Self.nobody(customer) }
      return .json(bytes: Array(found.document.utf8))
    }
    router.on(
      .delete, path,
      OpenAPIOperation(
        "deleteCustomerNotifications",
        "Forget a customer's addresses and choices: nothing more is told, not even what waits",
        tag: "notifications", answers: [.init(204, "Nothing is known of the customer.")]),
      access: Self.access
    ) { _, context in
      let (tenant, customer) = try Self.customer(context)
      let (staff, now) = (context.staff, now())
      try await database.groupedWrite(as: tenant) { connection in
        try PreferenceRecords.delete(tenant: tenant, customer: customer, in: connection)
        try staff?.note("customer.forget", of: customer, now: now, in: connection)
      }
      return Response(status: .noContent)
    }
    registerUnsubscribing(on: router)
  }

  /// The path's customer, which is percent-encoded there.
  private static func customer(
    _ context: APIContext
  ) throws -> (tenant: String, customer: String) {
    let tenant = try context.requireTenant()
    let part = try context.pathParameter(
      "customer", maximumBytes: 3 * customerBytes.upperBound)
    let text = part.removingPercentEncoding
    guard let text, customerBytes.contains(text.utf8.count), !text.utf8.contains(0) else {
      throw Problem.invalidField("customer", "It must have 1 to 128 bytes, none of them U+0000.")
    }
    // Another customer isn't there for a customer.
    guard (context.customer ?? text).isSameName(as: text) else { throw nobody(text) }
    return (tenant, text)
  }

  private static func nobody(_ customer: String) -> Problem {
    .notFound("Nothing is known of the customer \(customer.prefix(60)).")
  }

  private func put(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, customer) = try Self.customer(context)
    let body = try await JSONRequestBody(request)
    let wanted = try body.read(WantedPreferences.init)
    var generator = SystemRandomNumberGenerator()
    let words = [generator.next(), generator.next()].map { String($0, radix: 16) }
    let token = words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    let (now, staff) = (now(), context.staff)
    let saved = try await database.groupedWrite(as: tenant) { connection in
      let known = try PreferenceRecords.load(
        tenant: tenant, customer: customer, locking: true, in: connection)
      let unsubscribed = wanted.isUnsubscribed ?? (known?.unsubscribedAt != nil)
      let saved = CustomerPreferences(
        tenant: tenant, customer: customer, email: wanted.email, push: wanted.push,
        language: wanted.language, timeZone: wanted.timeZone, channels: wanted.channels,
        unsubscribedAt: unsubscribed ? known?.unsubscribedAt ?? now : nil,
        unsubscribeToken: known?.unsubscribeToken ?? token, createdAt: known?.createdAt ?? now,
        updatedAt: now)
      try PreferenceRecords.save(saved, in: connection)
      try saved.renewTargets(since: known, now: now, in: connection)
      try staff?.note("customer.notify", of: customer, now: now, in: connection)
      // What another request has made at the same moment keeps its token and its beginning.
      return try PreferenceRecords.load(tenant: tenant, customer: customer, in: connection)
        ?? saved
    }
    return .json(bytes: Array(saved.document.utf8))
  }
}

/// What a request says.
struct WantedPreferences: Sendable {
  let email: MailAddress?
  let push: PushAddress?
  let language: Language
  let timeZone: String?
  let channels: [Notice.Topic: Set<CustomerChannel>]
  /// Nil where that stays as it is.
  let isUnsubscribed: Bool?

  init(_ fields: inout JSONFields) throws {
    email = try fields.optionalString("email", length: 1...MailAddress.maximumBytes).map { text in
      guard let address = MailAddress(text) else {
        throw Problem.invalidField(
          "email", "It must be local@domain in ASCII; a domain of other letters as xn--….")
      }
      return address
    }
    push = try fields.optional("push").map { json in
      try JSONFields.read(json, path: "push") { push in
        PushAddress(
          provider: try push.string("provider", length: 1...64),
          token: try push.string("token", length: 1...2_048))
      }
    }
    let tag = try fields.optionalString("language", length: 1...35) ?? "en"
    guard let language = Language(tag: tag) else {
      let known = Language.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem.invalidField("language", "There are messages in \(known).")
    }
    self.language = language
    timeZone = try fields.optionalString("time_zone", length: 1...64)
    if let timeZone, !TimeZones.isKnown(timeZone) {
      throw Problem.invalidField(
        "time_zone", "It must be UTC, or a name such as Europe/Berlin.")
    }
    channels = try fields.optional("channels").map(Self.channels) ?? [:]
    isUnsubscribed = try fields.optional("unsubscribed").map { json in
      guard let flag = json.flag else {
        throw Problem.invalidField("unsubscribed", "It must be true or false.")
      }
      return flag
    }
  }

  private static func channels(
    _ json: JSONValue
  ) throws -> [Notice.Topic: Set<CustomerChannel>] {
    try JSONFields.read(json, path: "channels") { topics in
      var channels: [Notice.Topic: Set<CustomerChannel>] = [:]
      for topic in Notice.Topic.allCases {
        guard let list = topics.optional(topic.rawValue) else { continue }
        let chosen = list.elements?.map { $0.string.flatMap(CustomerChannel.init) }
        guard let chosen, chosen.count <= 8, !chosen.contains(nil) else {
          throw Problem.invalidField(
            topics.name(topic.rawValue), "It must be a list of email and push.")
        }
        channels[topic] = Set(chosen.compactMap(\.self))
      }
      return channels
    }
  }
}
