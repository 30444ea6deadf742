package import ChainTypes
package import HTTPTypes
package import Hummingbird
package import JSON
internal import Synchronization

/// Where routes are registered, each with its description, its access and its limits. A route
/// can't exist without being described.
package final class APIRouter {
  private let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
  private let authenticator: Authenticator
  private let uptime: @Sendable () -> Timestamp
  package private(set) var document: OpenAPIDocument

  package typealias Handler = @Sendable (Request, APIContext) async throws -> Response

  /// - Parameter uptime: a clock that never goes back, for limits
  package init(
    title: String = "Paywatch", version: String, authenticator: Authenticator,
    uptime: @escaping @Sendable () -> Timestamp
  ) {
    document = OpenAPIDocument(title: title, version: version)
    self.authenticator = authenticator
    self.uptime = uptime
  }

  /// Adds a route. `path` has its parameters in braces, as in `/v1/payments/{id}`.
  ///
  /// Who asks is found first, then whether the route is for them, then a customer's limit and
  /// the tenant's.
  ///
  /// - Parameter access: who may use it; without it the tenant's programs alone
  package func on(
    _ method: HTTPRequest.Method, _ path: String, _ operation: OpenAPIOperation,
    access: RouteAccess = .tenant, limits: RouteLimits = RouteLimits(),
    use handler: @escaping Handler
  ) {
    document.add(
      .init(
        method: method.rawValue.lowercased(), path: path, operation: operation,
        access: access))
    let (authenticator, uptime) = (authenticator, uptime)
    router.on(RouterPath(path), method: method) { request, context -> Response in
      var (request, context) = (request, context)
      if !access.isOpen {
        let headers = request.headers
        let principal = try await authenticator.principal(of: headers)
        try access.check(principal)
        context.principal = principal
        context.customer = access.customer(principal)
        context.reauthenticate = {
          // A token's roles are its own: only the token itself can end.
          _ = try await authenticator.principal(of: headers)
        }
        request = IdempotencyKey.apart(request, of: principal)
        try await limits.check(context.tenant, customer: context.customer, now: uptime())
      }
      do {
        return try await handler(request, context)
      } catch let error as HTTPError {
        throw Problem(
          error.status, "http-\(error.status.code)", error.status.reasonPhrase, error.body,
          headers: error.headers)
      }
    }
  }

  /// A schema that operations refer to as `OpenAPIDocument.reference(name)`.
  package func addSchema(_ schema: JSONValue, named name: String) {
    document.add(schema: schema, named: name)
  }

  /// Adds `GET /openapi.json`, which describes all routes registered until now and itself.
  package func addDescription() {
    let description = SharedBytes()
    on(
      .get, "/openapi.json",
      OpenAPIOperation(
        "getOpenAPI", "This description", tag: "operations",
        answers: [.init(200, "An OpenAPI 3.1 document.", schema: ["type": "object"])]),
      access: .open
    ) { _, _ in .json(bytes: description.bytes) }
    description.set(document.json.bytes)
  }

  /// What answers requests, and the methods that each path takes.
  func build() -> (responder: any HTTPResponder<APIContext>, table: RouteTable) {
    (router.buildResponder(), RouteTable(document.routes))
  }
}

/// Bytes that are set once, after the route that sends them exists.
private final class SharedBytes: Sendable {
  private let content = Mutex<[UInt8]>([])

  var bytes: [UInt8] { content.withLock { $0 } }

  func set(_ bytes: [UInt8]) { content.withLock { $0 = bytes } }
}

/// Tells "no such path" from "not this method", once no route matched.
struct RouteTable: Sendable {
  private let routes: [(parts: [Substring], method: String)]

  init(_ routes: [OpenAPIDocument.Route]) {
    self.routes = routes.map { ($0.path.split(separator: "/"), $0.method.uppercased()) }
  }

  /// The methods of the routes that match the path.
  func methods(of path: String) -> [String] {
    let parts = path.split(separator: "/")
    let matching = routes.filter { route in
      route.parts.count == parts.count
        && zip(route.parts, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    let methods = Set(matching.map(\.method))
    return (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
  }
}
