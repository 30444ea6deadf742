internal import HTTPTypes
internal import Hummingbird
internal import JSON
package import Telemetry

/// `GET /api/health`, `GET /api/health/<check>` and `GET /metrics`, all without a key: whoever
/// reaches the port may know whether the service stands.
///
/// For those who start processes and send them requests there are two more. `GET
/// /api/health/live` answers as long as the process can: a process that doesn't is to be started
/// again. `GET /api/health/ready` says whether requests should come here: not while something
/// that they need has failed, nor once the process is about to end. A chain whose nodes are down
/// makes a process neither: no other one would do better.
package struct HealthRoutes: Sendable {
  private let checks: [any HealthCheck]
  private let needed: [any HealthCheck]
  private let signal: ShutdownSignal
  private let deadline: Duration

  /// - Parameters:
  ///   - needed: the checks without which requests can't be served
  ///   - signal: tells when the process is about to end
  ///   - deadline: after which a check counts as failed
  package init(
    _ checks: [any HealthCheck], needed: [any HealthCheck] = [], signal: ShutdownSignal,
    deadline: Duration = .seconds(5)
  ) {
    self.checks = checks
    self.needed = needed
    self.signal = signal
    self.deadline = deadline
  }

  package func register(on router: APIRouter, metrics: MetricsRegistry) {
    let schema: JSONValue = [
      "type": "object", "required": ["status", "checks"],
      "properties": [
        "status": ["enum": ["ok", "degraded", "failed"]],
        "checks": ["type": "array", "items": ["type": "object"]],
      ],
    ]
    let answers: [OpenAPIOperation.Answer] = [
      .init(200, "It serves.", schema: schema), .init(503, "A check failed.", schema: schema),
    ]
    router.on(
      .get, "/api/health",
      OpenAPIOperation("getHealth", "All checks", tag: "operations", answers: answers),
      access: .open
    ) { _, _ in await response(checks) }
    router.on(
      .get, "/api/health/live",
      OpenAPIOperation(
        "getLiveness", "Whether the process can answer", tag: "operations",
        answers: [.init(200, "It can.", schema: schema)]),
      access: .open
    ) { _, _ in await response([]) }
    router.on(
      .get, "/api/health/ready",
      OpenAPIOperation(
        "getReadiness", "Whether requests should come here", tag: "operations",
        answers: [
          .init(200, "They should.", schema: schema),
          .init(503, "It ends, or a check failed.", schema: schema),
        ]),
      access: .open
    ) { _, _ in await response([Draining(signal: signal)] + needed) }
    for check in checks {
      precondition(!["live", "ready"].contains(check.name), "these are paths of their own")
      router.on(
        .get, "/api/health/\(check.name)",
        OpenAPIOperation(
          "getHealth_\(check.name)", "The check of \(check.name)", tag: "operations",
          answers: answers),
        access: .open
      ) { _, _ in await response([check]) }
    }
    router.on(
      .get, "/metrics",
      OpenAPIOperation(
        "getMetrics", "All metrics in Prometheus' text format", tag: "operations",
        answers: [.init(200, "Text format 0.0.4.", mediaType: "text/plain")]),
      access: .open
    ) { _, _ in
      .body(
        Array(metrics.prometheusText().utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  private func response(_ checks: [any HealthCheck]) async -> Response {
    var reports: [(Int, HealthReport)] = []
    await withTaskGroup(of: (Int, HealthReport).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask { [deadline] in (index, await Self.run(check, deadline: deadline)) }
      }
      for await report in group { reports.append(report) }
    }
    reports.sort { $0.0 < $1.0 }
    let statuses = reports.map(\.1.status)
    let worst: HealthReport.Status =
      statuses.contains(.failed) ? .failed : statuses.contains(.degraded) ? .degraded : .ok
    let list = zip(checks, reports).map { check, report -> JSONValue in
      [
        "name": .string(check.name), "status": .string(report.1.status.rawValue),
        "detail": .string(report.1.detail),
      ]
    }
    return .json(
      ["status": .string(worst.rawValue), "checks": .array(list)],
      status: worst == .failed ? .serviceUnavailable : .ok)
  }

  /// The check's report, or a failure at the deadline. A check that doesn't heed cancellation is
  /// left behind rather than waited for.
  private static func run(
    _ check: any HealthCheck, deadline: Duration
  ) async -> HealthReport {
    let (reports, continuation) = AsyncStream.makeStream(of: HealthReport.self)
    let work = Task {
      continuation.yield(await check.check())
      continuation.finish()
    }
    let timer = Task {
      try await Task.sleep(for: deadline)
      continuation.yield(HealthReport(.failed, "The check didn't answer in time."))
      continuation.finish()
    }
    defer {
      work.cancel()
      timer.cancel()
    }
    for await report in reports { return report }
    return HealthReport(.failed, "The check was cancelled.")
  }
}

/// Fails once the process is about to end.
private struct Draining: HealthCheck {
  let signal: ShutdownSignal

  var name: String { "serving" }

  func check() async -> HealthReport {
    signal.isDraining ? HealthReport(.failed, "The process is about to end.") : HealthReport(.ok)
  }
}
