internal import Database
internal import EventLog
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import Settlement

// What happens to one order, as it happens.
extension OrderRoutes {
  func registerEvents(on router: APIRouter) {
    router.addSchema(EventAnswers.schema, named: "Event")
    router.on(
      .get, "/v1/orders/{id}/events",
      OpenAPIOperation(
        "listOrderEvents",
        "The events of an order and of its payments by position; with Accept: text/event-stream "
          + "as server-sent events that resume after Last-Event-ID",
        tag: "orders", parameters: EventAnswers.parameters,
        answers: EventAnswers.answers + [.problem(404, "not-found.")]),
      access: Self.reading
    ) { request, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      let (service, payments, customer) = (service, payments, context.customer)
      try await service.database.read(as: tenant) {
        try service.order(id, tenant: tenant, in: $0).check(isOf: customer)
      }
      return try await events.answer(request, context) { _ in
        (
          .subject(id),
          { after, limit, connection in
            // Asked for every page: a payment's first event may come before the order knows of it.
            let own = try payments.paymentIDs(ofOrder: id, tenant: tenant, in: connection)
            return try EventLog.page(
              of: [id] + own, tenant: tenant, after: after, limit: limit, in: connection)
          }
        )
      }
    }
  }
}
