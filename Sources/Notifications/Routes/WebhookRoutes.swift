internal import Aggregates
internal import Audit
package import ChainTypes
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Tenancy

/// `/v1/webhooks`: who is told of events by HTTP.
package struct WebhookRoutes: Sendable {
  let service: WebhookService
  let now: @Sendable () -> Timestamp
  /// Called after transactions that may have appended events, and that may have enqueued something.
  let onEvents: @Sendable () -> Void

  package init(
    service: WebhookService, now: @escaping @Sendable () -> Timestamp,
    onEvents: @escaping @Sendable () -> Void
  ) {
    self.service = service
    self.now = now
    self.onEvents = onEvents
  }

  package func register(on router: APIRouter) {
    router.addSchema(WebhookSchemas.webhook, named: "Webhook")
    let webhook = OpenAPIDocument.reference("Webhook")
    router.on(
      .post, "/v1/webhooks",
      OpenAPIOperation(
        "createWebhook", "Have events sent to a URL", tag: "webhooks",
        requestSchema: WebhookSchemas.newWebhook, isIdempotent: true,
        answers: [
          .init(
            201, "The webhook, with its secret, which is shown in no other answer.",
            schema: WebhookSchemas.withSecret),
          .problem(409, "too-many-webhooks; or idempotency-key-reused."),
        ]),
      access: Self.keeping
    ) { request, context in try await create(request, context) }
    router.on(
      .get, "/v1/webhooks",
      OpenAPIOperation(
        "listWebhooks", "Webhooks in the order in which they were made", tag: "webhooks",
        parameters: OpenAPIOperation.Parameter.page,
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: webhook))]),
      access: Self.reading
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/webhooks/{id}",
      OpenAPIOperation(
        "getWebhook", "A webhook", tag: "webhooks",
        answers: [.init(200, "The webhook.", schema: webhook), .problem(404, "not-found.")]),
      access: Self.reading
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      let service = service
      let text = try await service.database.read(as: tenant) {
        try service.webhook(id, tenant: tenant, in: $0).document(telling: nil)
      }
      return .json(bytes: Array(text.utf8))
    }
    registerChanges(on: router, webhook)
  }

  private func registerChanges(on router: APIRouter, _ webhook: JSONValue) {
    router.on(
      .patch, "/v1/webhooks/{id}",
      OpenAPIOperation(
        "updateWebhook", "Change a webhook, disable or enable it", tag: "webhooks",
        requestSchema: WebhookSchemas.change,
        answers: [
          .init(200, "The webhook afterwards.", schema: webhook), .problem(404, "not-found."),
        ]),
      access: Self.keeping
    ) { request, context in
      let policy = service.policy
      let facts = try await JSONRequestBody(request).read { try Self.changes(&$0, policy) }
      return try await change("webhook.update", context, facts.make)
    }
    router.on(
      .delete, "/v1/webhooks/{id}",
      OpenAPIOperation(
        "deleteWebhook", "Send nothing there any more", tag: "webhooks",
        answers: [
          .init(200, "The webhook as it was.", schema: webhook), .problem(404, "not-found."),
        ]),
      access: Self.keeping
    ) { _, context in try await change("webhook.delete", context) { _ in [.deleted] } }
    router.on(
      .post, "/v1/webhooks/{id}/rotate",
      OpenAPIOperation(
        "rotateWebhookSecret", "Replace the secret; the former one signs beside it for a day",
        tag: "webhooks", isIdempotent: true,
        answers: [
          .init(
            200, "The webhook, with its new secret, which is shown in no other answer.",
            schema: WebhookSchemas.withSecret),
          .problem(404, "not-found."),
        ]),
      access: Self.keeping
    ) { request, context in try await rotate(request, context) }
    router.on(
      .post, "/v1/webhooks/{id}/test",
      OpenAPIOperation(
        "testWebhook", "Send it an event webhook.test", tag: "webhooks", isIdempotent: true,
        answers: [
          .init(
            202, "The delivery, which tells later how it went.",
            schema: OpenAPIDocument.reference("Delivery")),
          .problem(404, "not-found."), .problem(409, "webhook-disabled."),
        ]),
      access: Self.keeping
    ) { request, context in try await test(request, context) }
  }

  private static let reading = RouteAccess.roles(.shopManager, .operator, .auditor)
  private static let keeping = RouteAccess.roles(.shopManager, .operator)

  // MARK: Handlers

  private func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let policy = service.policy
    let details = try body.read { try Self.newDetails(&$0, policy) }
    let (service, now, author) = (service, now(), context.author)
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let secret = WebhookSecret.generate(using: &generator)
    let reply = try await Idempotency.once(key, tenant: tenant, now: now, on: service.database) {
      let webhook = try service.create(
        details, secret: secret, tenant: tenant, now: now, random: random, in: $0)
      try author?.note("webhook.create", of: webhook.id, now: now, in: $0)
      return webhook.document(telling: nil)
    }
    onEvents()
    return try await Self.answer(reply, with: secret, of: service)
  }

  private func rotate(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let key = try IdempotencyKey(request, body: [])
    let (service, now, author) = (service, now(), context.author)
    var generator = SystemRandomNumberGenerator()
    let secret = WebhookSecret.generate(using: &generator)
    let reply = try await Idempotency.once(
      key, tenant: tenant, now: now, on: service.database, status: 200
    ) {
      let webhook = try service.rotate(id, to: secret, tenant: tenant, now: now, in: $0)
      try author?.note("webhook.rotate", of: id, now: now, in: $0)
      return webhook.document(telling: nil)
    }
    onEvents()
    return try await Self.answer(reply, with: secret, of: service)
  }

  /// The stored reply, which has no secret; with it where this very request made it. Who repeats a
  /// request gets the webhook without, and may rotate.
  private static func answer(
    _ reply: Idempotency.StoredReply, with secret: WebhookSecret, of service: WebhookService
  ) async throws -> Response {
    let document = try JSONValue(parsing: reply.body)
    guard case .object(let members) = document, let id = document["id"]?.string,
      try await service.has(secret, id)
    else { return .json(bytes: reply.body, status: .init(code: reply.status)) }
    return .json(
      .object(members + [.init("secret", .string(secret.text))]),
      status: .init(code: reply.status), headers: [.cacheControl: "no-store"])
  }

  private func test(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let key = try IdempotencyKey(request, body: [])
    let (service, now, author) = (service, now(), context.author)
    let random = UInt64.random(in: .min ... .max)
    let reply = try await Idempotency.once(
      key, tenant: tenant, now: now, on: service.database, status: 202
    ) {
      let delivery = try service.test(id, tenant: tenant, now: now, random: random, in: $0)
      try author?.note("webhook.test", of: id, now: now, in: $0)
      return delivery.document()
    }
    onEvents()
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  private func change(
    _ action: String, _ context: APIContext,
    _ facts: @escaping @Sendable (WebhookEndpoint) -> [WebhookFact]
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, now, author) = (service, now(), context.author)
    let text = try await service.database.groupedWrite(as: tenant) { connection in
      let webhook = try service.change(
        id, tenant: tenant, now: now, in: connection, by: facts)
      try author?.note(action, of: id, now: now, in: connection)
      return webhook.document(telling: nil)
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let page = try QueryParameters.read(request) {
      try $0.page(ofIDs: WebhookEndpoint.names.prefix)
    }
    let service = service
    let webhooks = try await service.database.read(as: tenant) { connection in
      try service.webhooks(
        tenant: tenant, after: page.after, limit: page.limit + 1, in: connection
      ).map { (id: $0.id, json: $0.document(telling: nil)) }
    }
    return JSONPage.response(of: webhooks, limit: page.limit)
  }
}
