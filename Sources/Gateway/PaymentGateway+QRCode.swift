internal import Database
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import Payments
internal import QRCode
internal import Settlement

// The payment's URI as an image that wallets scan.
extension PaymentGateway {
  func registerQRCode(on router: APIRouter) {
    router.on(
      .get, "/v1/payments/{id}/qr.svg",
      OpenAPIOperation(
        "getPaymentQRCode", "The payment's URI as a QR code", tag: "payments",
        answers: [
          .init(200, "An SVG image.", mediaType: "image/svg+xml"), .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { _, context in
      let tenant = try context.requireTenant()
      let id = try context.pathParameter("id")
      let service = service
      let payment = try await refusing {
        try await database.read(as: tenant) { connection in
          try service.payment(id, tenant: tenant, in: connection)
        }
      }
      let code = try QRCode(
        PaymentDocument.qrText(of: payment, on: service.spec(payment.terms.chain)))
      // The address and the amount never change.
      return .body(
        Array(code.svg.utf8), type: "image/svg+xml",
        headers: [.cacheControl: "private, max-age=86400, immutable"])
    }
  }
}
