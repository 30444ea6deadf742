internal import Bytes
internal import ChainTypes
internal import Database
internal import HTTPServer
internal import Hummingbird
internal import Settlement

// What shows, to whoever trusts neither this service nor its nodes, that a payment's money is in
// blocks.
extension PaymentGateway {
  func registerProof(on router: APIRouter) {
    router.on(
      .get, "/v1/payments/{id}/proof",
      OpenAPIOperation(
        "getPaymentProof", "Proofs that a payment's transactions are in blocks", tag: "payments",
        parameters: OpenAPIOperation.Parameter.page,
        answers: [
          .init(
            200,
            "A page of the payment's transactions in the order in which they first came; one of "
              + "large transactions may hold fewer than limit.",
            schema: Schemas.proofPage),
          .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { request, context in
      let tenant = try context.requireTenant()
      let id = try context.pathParameter("id")
      let page = try QueryParameters.read(request) { try $0.page() }
      let after = try page.after.map { text throws(Problem) -> Hash32 in
        guard let txid = try? Hash32(text: text) else {
          throw .invalidField("after", "It must be a txid, as next_after gives it.")
        }
        return txid
      }
      let service = service
      let text = try await refusing {
        try await database.read(as: tenant) { connection in
          try service.proof(
            of: id, tenant: tenant, after: after, limit: page.limit, in: connection
          ).json()
        }
      }
      return .json(bytes: Array(text.utf8))
    }
  }
}
