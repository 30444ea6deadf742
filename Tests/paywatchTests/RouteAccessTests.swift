import ChainTypes
import Foundation
import JSON
import LoopbackHTTP
import SchemaChecking
import Tenancy
import TestSupport
import Testing
import TokenIssuing
import Tokens

@Suite("who may use which route of a whole server")
struct RouteAccessTests {
  /// Who else than people: the tenant's programs.
  private static let program = "api_key"
  private static let people = UserRole.allCases.map(\.rawValue)

  /// What each route takes, written apart from where the routes are. A route that isn't here fails
  /// the test.
  private static let table: [String: Set<String>] = {
    let everybody = Set(people + [program, "nobody"])
    let manager: Set = [program, "shop_manager"]
    let counter = manager.union(["barista"])
    let payments = manager.union(["finance", "auditor"])
    let orders = counter.union(["customer", "auditor"])
    let theirOwn = manager.union(["customer"])
    let webhooks = manager.union(["operator"])
    return [
      "POST /v1/payments": [program],
      "GET /v1/payments": payments,
      "GET /v1/payments/{id}": payments,
      "GET /v1/payments/{id}/qr.svg": payments,
      "GET /v1/payments/{id}/proof": payments,
      "GET /v1/payments/{id}/events": payments,
      "POST /v1/payments/{id}/cancel": manager,
      "POST /v1/payments/{id}/resolve": manager,
      "POST /v1/payments/{id}/refunds": manager,
      "GET /v1/refunds": payments,
      "GET /v1/refunds/{id}": payments,
      "POST /v1/refunds/{id}/cancel": manager.union(["finance"]),
      "POST /v1/refunds/{id}/approve": [program, "finance"],
      "GET /v1/events": manager.union(["operator", "auditor"]),
      "GET /v1/audit": ["auditor"],
      "POST /v1/orders": manager,
      "GET /v1/orders": orders,
      "GET /v1/orders/{id}": orders,
      "GET /v1/orders/{id}/events": orders,
      "PATCH /v1/orders/{id}": manager,
      "POST /v1/orders/{id}/pay": theirOwn,
      "POST /v1/orders/{id}/cancel": theirOwn,
      "POST /v1/orders/{id}/prepare": counter,
      "POST /v1/orders/{id}/ready": counter,
      "POST /v1/orders/{id}/complete": counter,
      "GET /v1/orders/{id}/items": orders,
      "POST /v1/orders/{id}/resolve": manager,
      "DELETE /v1/orders/{id}": manager,
      "PUT /v1/customers/{customer}/notifications": theirOwn,
      "GET /v1/customers/{customer}/notifications": theirOwn,
      "DELETE /v1/customers/{customer}/notifications": theirOwn,
      "GET /unsubscribe/{token}": everybody,
      "POST /unsubscribe/{token}": everybody,
      "POST /v1/supplies": manager,
      "GET /v1/supplies": counter.union(["auditor"]),
      "GET /v1/supplies/{id}": counter.union(["auditor"]),
      "PATCH /v1/supplies/{id}": manager,
      "DELETE /v1/supplies/{id}": manager,
      "POST /v1/supplies/{id}/adjust": counter,
      "POST /v1/supplies/{id}/reorder": counter,
      "GET /v1/supplies/{id}/movements": counter.union(["auditor"]),
      "GET /v1/prices": Set(people + [program]),
      "GET /v1/prices/{pair}": Set(people + [program]),
      "GET /v1/prices/{pair}/history": Set(people + [program]),
      "POST /v1/quotes": [program],
      "GET /v1/quotes/{id}": payments,
      "POST /v1/webhooks": webhooks,
      "GET /v1/webhooks": webhooks.union(["auditor"]),
      "GET /v1/webhooks/{id}": webhooks.union(["auditor"]),
      "PATCH /v1/webhooks/{id}": webhooks,
      "DELETE /v1/webhooks/{id}": webhooks,
      "POST /v1/webhooks/{id}/rotate": webhooks,
      "POST /v1/webhooks/{id}/test": webhooks,
      "GET /v1/webhooks/{id}/deliveries": webhooks.union(["auditor"]),
      "GET /v1/deliveries": webhooks.union(["auditor"]),
      "GET /v1/deliveries/{id}": webhooks.union(["auditor"]),
      "POST /v1/deliveries/{id}/retry": webhooks,
      "GET /v1/orders/{id}/claim": orders,
      "GET /v1/claims": counter.union(["auditor"]),
      "GET /v1/claims/{id}": orders,
      "GET /v1/claims/{id}/code": [program, "customer"],
      "GET /v1/claims/{id}/qr.svg": [program, "customer"],
      "POST /v1/claims/{id}/process": counter,
      "POST /v1/claims/{id}/renew": counter,
      "POST /v1/claims/{id}/delivery": counter,
      "GET /v1/claims/{id}/delivery": counter.union(["auditor"]),
      "DELETE /v1/claims/{id}/delivery": counter,
      "POST /v1/claims/{id}/delivery/pickup": counter,
      "GET /api/health": everybody,
      "GET /api/health/live": everybody,
      "GET /api/health/ready": everybody,
      "GET /api/health/{check}": everybody,
      "GET /metrics": everybody,
      "GET /openapi.json": everybody,
    ]
  }()

  private static let secret = "known to this test and to nobody else"

  private static let authentication = """

    authentication:
      jwt:
        issuer: https://login.example
        audience: paywatch
        keys:
          - {id: one, algorithm: HS256, file: token.secret}
    """

  private struct Created: Decodable {
    let key: String
  }

  /// Runs `body` against a server with all roles; it gets the headers of everybody.
  private static func serve(
    _ body: (_ port: Int, _ everybody: [String: [String: String]]) async throws -> Void
  ) async throws {
    let directory = try TemporaryDirectory()
    _ = try directory.write("token.secret", Array("\(secret)\n".utf8))
    let path = try directory.write(
      "paywatch.yaml", Array((ServeTests.configuration() + authentication).utf8))
    let server = try Serving(path)
    let port = try await server.port()
    let made = try await Program.payctl.finish([
      "tenant", "key", "create", "--tenant", "shop", "--label", "test", "--format", "json",
      "--database", directory.path("paywatch.sqlite"),
    ])
    try #require(made.status == 0, "\(made.errors)")
    let key = try made.object(Created.self).key
    let issuer = try await TokenIssuer(id: "one", algorithm: .hs256, material: secret)
    var headers = ["nobody": [:], program: ["Authorization": "Bearer \(key)"]]
    for role in UserRole.allCases {
      let token = try issuer.token(
        issuer: "https://login.example", audience: "paywatch", tenant: "shop",
        subject: role.rawValue, roles: [role],
        now: Timestamp(seconds: Int64(Date().timeIntervalSince1970)), lifetimeSeconds: 600)
      headers[role.rawValue] = ["Authorization": "Bearer \(token)"]
    }
    try await body(port, headers)
    #expect(await server.end() == 0)
  }

  /// Names of checks aren't parts of a table.
  private static func inTable(_ route: String) -> String {
    let prefix = "GET /api/health/"
    let isCheck =
      route.hasPrefix(prefix) && !["live", "ready"].contains(route.dropFirst(prefix.count))
    return isCheck ? prefix + "{check}" : route
  }

  @Test("all routes by all roles are as the table has them, and are described so")
  func table() async throws {
    try await Self.serve { port, everybody in
      let document = try await TestConnection(port: port).send("GET", "/openapi.json").json()
      var seen: Set<String> = []
      for path in document["paths"]?.members ?? [] {
        for operation in path.value.members {
          let (method, route) = (
            operation.name.uppercased(), "\(operation.name.uppercased()) \(path.name)"
          )
          let name = Self.inTable(route)
          seen.insert(name)
          let allowed = try #require(Self.table[name], "\(route) isn't in the table")
          let place = path.name.replacing(#/\{\w+\}/#, with: "x")
          for (who, headers) in everybody {
            let answer = try await TestConnection(port: port).send(
              method, place, headers: headers)
            #expect(answer.status != 405 && !answer.body.contains("No route"), "\(route)")
            let isRefused = answer.status == (who == "nobody" ? 401 : 403)
            #expect(isRefused == !allowed.contains(who), "\(route) by \(who): \(answer.status)")
            if answer.status == 403 {
              #expect(
                try answer.json()["type"] == "urn:paywatch:problem:forbidden", "\(answer.body)")
            }
          }
          let described = (operation.value["security"]?.elements ?? []).flatMap { one in
            one.members.flatMap { member in
              member.name == "apiKey"
                ? [Self.program] : (member.value.elements ?? []).compactMap(\.string)
            }
          }
          let isOpen = allowed.contains("nobody")
          #expect(Set(described) == (isOpen ? [] : allowed), "\(route)")
        }
      }
      #expect(seen == Set(Self.table.keys))
    }
  }
}
