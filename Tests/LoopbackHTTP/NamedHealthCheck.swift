package import HTTPServer

/// A health check from a closure.
package struct NamedHealthCheck: HealthCheck {
  package let name: String
  private let body: @Sendable () async -> HealthReport

  package init(_ name: String, _ body: @escaping @Sendable () async -> HealthReport) {
    self.name = name
    self.body = body
  }

  package func check() async -> HealthReport { await body() }
}
