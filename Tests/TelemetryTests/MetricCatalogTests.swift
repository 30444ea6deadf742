import Foundation
import Telemetry
import TestSupport
import Testing

@Suite("The catalog of metrics")
struct MetricCatalogTests {
  private func document() throws -> [[String]] {
    let url = PackageFiles.root.appending(path: "deploy/metrics.md")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("| `paywatch_") }
      .map { line in
        line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      }
  }

  @Test("deploy/metrics.md lists what is declared: names, kinds, labels, meanings")
  func documented() throws {
    let declared = MetricCatalog.all.map { metric in
      [
        "`\(metric.name)`", metric.kind.name,
        metric.labels.isEmpty ? "none" : metric.labels.map { "`\($0)`" }.joined(separator: ", "),
        metric.help,
      ]
    }
    let documented = try document()
    #expect(documented.map { $0[0] } == declared.map { $0[0] })
    #expect(documented == declared)
  }

  @Test("names are unique, and follow Prometheus' rules")
  func names() {
    #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    for metric in MetricCatalog.all {
      #expect(metric.name.wholeMatch(of: /paywatch_[a-z]+(_[a-z]+)*/) != nil, "\(metric.name)")
      #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
      #expect(metric.labels.allSatisfy { $0.wholeMatch(of: /[a-z]+/) != nil })
      #expect(metric.help.hasSuffix("."))
    }
  }

  @Test("no source records a metric that isn't declared, or under another kind or meaning")
  func sources() throws {
    // Roles of the database are called so as well.
    let roles = ["paywatch_pipeline", "paywatch_tenant"]
    let names = Set(MetricCatalog.all.map(\.name) + roles)
    let folder = PackageFiles.root.appending(path: "Sources")
    var found = 0
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      let calls = text.matches(of: /\.(counter|gauge|histogram)\(\s*"(paywatch_\w+)"/)
      for call in calls {
        let name = String(call.output.2)
        let metric = MetricCatalog.all.first { $0.name == name }
        #expect(metric?.kind.name == String(call.output.1), "\(path) has \(name)")
      }
      for literal in text.matches(of: /"(paywatch_\w+)"/) {
        found += 1
        #expect(names.contains(String(literal.output.1)), "\(path) has \(literal.output.1)")
      }
    }
    #expect(found >= MetricCatalog.all.count)
  }

  @Test("a declared metric is recorded under its name and labels")
  func registration() {
    let registry = MetricsRegistry()
    registry.counter(.httpRequests, "/v1/payments", "POST", "201").add()
    registry.gauge(.outboxAgeSeconds).set(3)
    registry.histogram(.detectionMilliseconds, "bitcoin").record(600_001)
    let text = registry.prometheusText()
    #expect(
      text.contains(
        #"paywatch_http_requests_total{method="POST",route="/v1/payments",status="201"} 1"#))
    #expect(text.contains("paywatch_outbox_age_seconds 3\n"))
    #expect(
      text.contains(#"paywatch_detection_milliseconds_bucket{chain="bitcoin",le="600000"} 0"#))
    #expect(text.contains(#"paywatch_detection_milliseconds_count{chain="bitcoin"} 1"#))
  }
}
