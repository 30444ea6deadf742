internal import Audit
package import ChainTypes
package import Database
package import HTTPServer
internal import Hummingbird
internal import JSON
internal import Tenancy

/// `/v1/deliveries`: what a tenant's webhooks and customers were told, and whether it arrived.
package struct DeliveryRoutes: Sendable {
  let database: any Database
  let now: @Sendable () -> Timestamp

  package init(database: any Database, now: @escaping @Sendable () -> Timestamp) {
    self.database = database
    self.now = now
  }

  package func register(on router: APIRouter) {
    router.addSchema(NotificationSchemas.delivery, named: "Delivery")
    let delivery = OpenAPIDocument.reference("Delivery")
    let status = OpenAPIOperation.Parameter(
      "status", "Only those with this status.", schema: NotificationSchemas.status)
    let page = OpenAPIOperation.Answer(
      200, "A page.", schema: OpenAPIOperation.pageSchema(of: delivery))
    router.on(
      .get, "/v1/deliveries",
      OpenAPIOperation(
        "listDeliveries", "Deliveries in the order in which they were enqueued",
        tag: "deliveries",
        parameters: OpenAPIOperation.Parameter.page + [
          status,
          .init("channel", "Only those on it.", schema: NotificationSchemas.channel),
        ], answers: [page, Self.expired]),
      access: Self.reading
    ) { request, context in try await list(request, context, webhook: nil) }
    router.on(
      .get, "/v1/webhooks/{id}/deliveries",
      OpenAPIOperation(
        "listWebhookDeliveries", "A webhook's deliveries", tag: "webhooks",
        parameters: OpenAPIOperation.Parameter.page + [status],
        answers: [page, Self.expired]),
      access: Self.reading
    ) { request, context in
      try await list(request, context, webhook: try context.pathParameter("id"))
    }
    router.on(
      .get, "/v1/deliveries/{id}",
      OpenAPIOperation(
        "getDelivery", "A delivery, with the log of its attempts", tag: "deliveries",
        answers: [
          .init(200, "The delivery.", schema: NotificationSchemas.logged),
          .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      let text = try await database.read(as: tenant) { connection in
        try Deliveries.load(id, tenant: tenant, in: connection)?
          .document(log: RecordedAttempt.latest(of: id, in: connection))
      }
      guard let text else { throw DeliveryRefusal.notFound(id) }
      return .json(bytes: Array(text.utf8))
    }
    router.on(
      .post, "/v1/deliveries/{id}/retry",
      OpenAPIOperation(
        "retryDelivery", "Try it again now, also where it has failed or was canceled",
        tag: "deliveries",
        answers: [
          .init(200, "The delivery; one that is under way as it is.", schema: delivery),
          .problem(404, "not-found."),
          .problem(409, "delivery-sent; or target-disabled: its webhook is."),
        ]),
      access: .roles(.shopManager, .operator)
    ) { _, context in try await retry(context) }
  }

  private static let expired = OpenAPIOperation.Answer.problem(
    410,
    "cursor-expired: the delivery before that page isn't kept any more; read again from the "
      + "beginning.")
  private static let reading = RouteAccess.roles(.shopManager, .operator, .auditor)

  private func retry(_ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (now, author) = (now(), context.author)
    let text = try await database.groupedWrite(as: tenant) { connection in
      let delivery = try Deliveries.retry(id, tenant: tenant, now: now, in: connection)
      try author?.note("delivery.retry", of: id, now: now, in: connection)
      return delivery.document()
    }
    return .json(bytes: Array(text.utf8))
  }

  /// - Parameter webhook: whose; of one that isn't the tenant's there are none
  private func list(
    _ request: Request, _ context: APIContext, webhook: String?
  ) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, status, channel) = try QueryParameters.read(request) { query in
      (
        try query.page(ofIDs: Deliveries.idPrefix),
        try query.choice("status", of: Delivery.Status.allCases.map(\.rawValue)),
        try webhook == nil
          ? query.choice("channel", of: ChannelName.allCases.map(\.rawValue))
          : ChannelName.webhook.rawValue
      )
    }
    let deliveries = try await database.read(as: tenant) { connection in
      try Deliveries.page(
        tenant: tenant, channel: channel.flatMap(ChannelName.init(rawValue:)), target: webhook,
        status: status.flatMap(Delivery.Status.init(rawValue:)), after: page.after,
        limit: page.limit + 1, in: connection
      ).map { (id: $0.id, json: $0.document()) }
    }
    return JSONPage.response(of: deliveries, limit: page.limit)
  }
}
