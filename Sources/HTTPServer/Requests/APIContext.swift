package import Audit
package import Hummingbird
internal import Logging
package import NIOCore
package import Tenancy

/// What is known about a request beside the request itself.
package struct APIContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Who asks: set for all routes that aren't open.
  package var principal: Principal?
  /// The customer whose things alone the request is about; nil where it may be about all of the
  /// tenant's.
  package var customer: String?
  /// Throws where the request's key or token isn't valid any more: for answers that go on for long.
  package var reauthenticate: @Sendable () async throws -> Void = {}
  /// The request's number in the log, in `X-Request-Id` and in problems.
  package let requestID: String
  /// The client's address in text; empty where there is no network beneath.
  package var clientAddress: String
  /// The connection the request came over.
  package let channel: any Channel

  package init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    clientAddress = source.channel.remoteAddress?.ipAddress ?? ""
    requestID = source.logger[metadataKey: "request_id"]?.description ?? "unknown"
  }

  package var tenant: String? { principal?.tenant }

  /// The tenant of a route that needs one.
  package func requireTenant() throws(Problem) -> String { try requirePrincipal().tenant }

  /// Who asks, of a route that isn't open.
  package func requirePrincipal() throws(Problem) -> Principal {
    guard let principal else { throw .unauthorized("The route needs an API key.") }
    return principal
  }

  /// By whom the audit log tells that something was done: staff, or the tenant's programs. Nil for
  /// a customer, whose own doings aren't recorded there.
  package var author: AuditAuthor? {
    guard let principal, customer == nil else { return nil }
    let kind =
      switch principal.kind {
      case .key: "key"
      case .token: "user"
      }
    return AuditAuthor(
      tenant: principal.tenant, actor: "\(kind):\(principal.subject)",
      roles: principal.roles.map(\.rawValue))
  }

  /// The same, but nil for programs too: of what they do all day by themselves.
  package var staff: AuditAuthor? { principal?.kind == .token ? author : nil }

  /// A part of the path as it stands there, such as `id` of `/v1/payments/{id}`.
  package func pathParameter(
    _ name: String, maximumBytes: Int = 200
  ) throws(Problem) -> String {
    guard let value = parameters.get(name), (1...maximumBytes).contains(value.utf8.count) else {
      throw .notFound("The path's \(name) is missing or too long.")
    }
    return value
  }
}
