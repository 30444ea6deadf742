package import Hummingbird
internal import Logging
package import NIOCore

/// What is known about a request beside the request itself.
package struct APIContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Who asks: set for routes that need an API key.
  package var tenant: String?
  /// Throws where the request's key isn't valid any more: for answers that go on for long.
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

  /// The tenant of a route that needs one.
  package func requireTenant() throws(Problem) -> String {
    guard let tenant else { throw .unauthorized("The route needs an API key.") }
    return tenant
  }

  /// A part of the path, such as `id` of `/v1/payments/{id}`.
  package func pathParameter(_ name: String) throws(Problem) -> String {
    guard let value = parameters.get(name), (1...200).contains(value.utf8.count) else {
      throw .notFound("The path's \(name) is missing or too long.")
    }
    return value
  }
}
