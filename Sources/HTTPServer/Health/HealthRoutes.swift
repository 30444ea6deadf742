internal import HTTPTypes
internal import Hummingbird
internal import JSON
package import Telemetry

/// `GET /api/health`, `GET /api/health/<check>` and `GET /metrics`, all without a key: whoever
/// reaches the port may know whether the service stands.
package struct HealthRoutes: Sendable {
  private let checks: [any HealthCheck]
  private let deadline: Duration

  /// - Parameter deadline: after which a check counts as failed
  package init(_ checks: [any HealthCheck], deadline: Duration = .seconds(5)) {
    self.checks = checks
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
    for check in checks {
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
