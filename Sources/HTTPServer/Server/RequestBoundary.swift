internal import ChainTypes
internal import Database
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Telemetry

/// What surrounds every request: its id, its trace, its metrics, its log line, the headers of every
/// answer, and the turning of errors into problems.
struct RequestBoundary: Sendable {
  let responder: any HTTPResponder<APIContext>
  let table: RouteTable
  private let metrics: RequestMetrics
  let signal: ShutdownSignal
  let now: @Sendable () -> Timestamp
  private let date = HTTPDate()

  init(
    responder: any HTTPResponder<APIContext>, table: RouteTable, metrics: MetricsRegistry,
    signal: ShutdownSignal, now: @escaping @Sendable () -> Timestamp
  ) {
    self.responder = responder
    self.table = table
    self.metrics = RequestMetrics(metrics)
    self.signal = signal
    self.now = now
  }

  /// Always an answer: nothing is thrown past here.
  func respond(to request: Request, channel: any Channel, logger: Logger) async -> Response {
    let trace = Self.trace(of: request)
    return await TraceContext.$current.withValue(trace) {
      await respond(to: request, channel: channel, logger: logger, trace: trace)
    }
  }

  private func respond(
    to request: Request, channel: any Channel, logger: Logger, trace: TraceContext
  ) async -> Response {
    let start = ContinuousClock.now
    let requestID = Self.newRequestID()
    var logger = logger
    logger[metadataKey: "request_id"] = .string(requestID)
    // For the lines of an answer that goes on after this.
    logger[metadataKey: "trace_id"] = .string(trace.traceID)
    let context = APIContext(
      source: ApplicationRequestContextSource(channel: channel, logger: logger))
    var response: Response
    do {
      response = try await responder.respond(to: request, context: context)
      if isUnmatched(context) {
        response = .problem(unmatched(request), requestID: requestID)
      }
    } catch {
      response = .problem(problem(for: error, logger: logger), requestID: requestID)
    }
    finish(&response, requestID: requestID)
    record(request, context, response, since: start)
    return response
  }

  /// A span of the client's trace, or a new trace where it names none, or more than one.
  private static func trace(of request: Request) -> TraceContext {
    let values = request.headers[values: traceparentHeader]
    guard values.count == 1, let value = values.first,
      let context = TraceContext(traceparent: value)
    else { return .begin() }
    return context.child()
  }

  /// Hummingbird's own mark of a request that no route took.
  private func isUnmatched(_ context: APIContext) -> Bool { context.endpointPath == "NotFound" }

  private func unmatched(_ request: Request) -> Problem {
    let allowed = table.methods(of: request.uri.path)
    guard allowed.isEmpty else { return .methodNotAllowed(allowed: allowed) }
    return .notFound("No route has this path.")
  }

  private func problem(for error: any Error, logger: Logger) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let refusal as any Refusal: return refusal.problem
    case DatabaseError.overloaded, DatabaseError.busy, DatabaseError.timedOut, DatabaseError.closed,
      DatabaseError.storage, DatabaseError.connectionLost(_, commitIsUnknown: false):
      // Nothing happened, and the same request may go through once there is room or a server.
      logger.error("no database for a request", metadata: ["error": "\(error)"])
      return .unavailable
    default:
      logger.error("a request failed", metadata: ["error": "\(error)"])
      return .internal
    }
  }

  private func finish(_ response: inout Response, requestID: String) {
    Self.set(.date, date.text(at: now()), in: &response.headers)
    Self.set(Self.requestIDHeader, requestID, in: &response.headers)
    Self.set(.xContentTypeOptions, "nosniff", in: &response.headers)
    // Who keeps the connection would have it cut in the middle of a later request.
    if signal.isDraining { response.headers[.connection] = "close" }
    for (name, value) in Self.securityHeaders where !response.headers.contains(name) {
      response.headers.append(HTTPField(name: name, value: value))
    }
  }

  /// To append is cheaper than to look for what is to be replaced and hardly ever there.
  private static func set(_ name: HTTPField.Name, _ value: String, in headers: inout HTTPFields) {
    if headers.contains(name) {
      headers[name] = value
    } else {
      headers.append(HTTPField(name: name, value: value))
    }
  }

  private func record(
    _ request: Request, _ context: APIContext, _ response: Response,
    since start: ContinuousClock.Instant
  ) {
    let route = isUnmatched(context) ? "unmatched" : context.endpointPath ?? "unmatched"
    let elapsed = start.duration(to: .now).components
    let milliseconds =
      UInt64(max(0, elapsed.seconds)) * 1_000
      + UInt64(max(0, elapsed.attoseconds / 1_000_000_000_000_000))
    metrics.record(
      route: route, method: request.method, status: response.status.code,
      milliseconds: milliseconds)
    context.logger.debug(
      "request",
      metadata: [
        "method": .string(request.method.rawValue), "route": .string(route),
        "status": .stringConvertible(response.status.code),
        "milliseconds": .stringConvertible(milliseconds),
        "client": .string(context.clientAddress),
      ])
  }

  /// 64 random bits as 16 hexadecimal digits.
  private static func newRequestID() -> String {
    let number = UInt64.random(in: .min ... .max)
    return String(unsafeUninitializedCapacity: 16) { digits in
      for place in 0..<16 {
        let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place)) & 0x0f
        digits.initializeElement(at: place, to: digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
      return 16
    }
  }

  private static let requestIDHeader = header("X-Request-Id")
  private static let traceparentHeader = header("traceparent")

  /// Headers an answer gets unless its route set them: no caching of what belongs to a tenant, no
  /// framing, no scripts. There is no CORS header: browsers of other origins stay out.
  private static let securityHeaders: [(HTTPField.Name, String)] = [
    (.cacheControl, "no-store"),
    (header("X-Frame-Options"), "DENY"),
    (header("Referrer-Policy"), "no-referrer"),
    (.contentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'"),
  ]

  private static func header(_ name: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(name) else { preconditionFailure("a header's name") }
    return name
  }
}
