import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import SchemaChecking
import Tenancy
import Testing

@Suite("What answers a request acts for its tenant")
struct ActingTests {
  /// Who asks is found before anybody acts for a tenant.
  private static let before = ["FROM api_keys", "FROM tenants"]

  /// Bodies with which routes come to their transactions; the others get an empty object.
  private static let bodies = [
    "/v1/payments": TestGateway.order("order-9"),
    "/v1/payments/{id}/resolve": #"{"action":"close","reason":"x"}"#,
    "/v1/payments/{id}/refunds":
      #"{"kind":"full","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"}"#,
    "/v1/refunds/{id}/approve": #"{"by":"anna","signature":"x"}"#,
    "/v1/orders/{id}": #"{"items":[]}"#,
    "/v1/orders/{id}/pay": #"{"chain":"bitcoin-regtest","asset":"BTC"}"#,
    "/v1/supplies": #"{"location":"l","product":"p","unit":"g","on_hand":1}"#,
    "/v1/supplies/{id}/adjust": #"{"counted":1}"#,
  ]

  @Test("no route runs a statement that names no tenant first, on found and on unknown ids")
  func acting() async throws {
    try await AccessScene.run(isActing: true) { scene in
      let acting = try #require(scene.acting)
      let document = try await scene.gateway.get("/openapi.json").json()
      let ids = [
        "payments": try await scene.gateway.made("order-1"),
        "orders": try await scene.place(by: "ada"),
      ]
      _ = acting.takeUnacted()
      for path in document["paths"]?.members ?? [] where path.name.hasPrefix("/v1/") {
        // Placing orders goes on in the pipeline's name, which takes stock and asks for payments.
        guard path.name != "/v1/orders" else { continue }
        let family = String(path.name.split(separator: "/")[1])
        for operation in path.value.members {
          for id in ["unknown", ids[family]].compactMap({ $0 }) {
            // What changes an order is carried on in the pipeline's name, too.
            let isCarriedOn = family == "orders" && operation.name != "get" && id != "unknown"
            guard !isCarriedOn else { continue }
            let body = operation.name == "get" ? nil : Self.bodies[path.name] ?? "{}"
            let (method, place) = (
              operation.name.uppercased(), path.name.replacing("{id}", with: id)
            )
            for role in [UserRole.shopManager, .finance, .auditor] {
              let answer = try await scene.send(method, place, by: role.rawValue, role, body: body)
              #expect(answer.status < 500, "\(method) \(place): \(answer.body)")
            }
            let key = ["Idempotency-Key": "k-\(method)-\(place)"]
            _ = try await scene.gateway.send(method, place, headers: key, body: body)
            let unacted = acting.takeUnacted().filter { sql in
              !Self.before.contains { sql.contains($0) }
            }
            #expect(unacted == [], "\(method) \(place)")
          }
        }
      }
    }
  }
}
