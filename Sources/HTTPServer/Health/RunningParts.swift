internal import Synchronization

/// Whether the parts of a process that its roles consist of run: for readiness.
package final class RunningParts: HealthCheck {
  /// Which are running, by name; false for one that hasn't begun or has ended.
  private let parts: Mutex<[String: Bool]>

  package init(_ names: some Sequence<String>) {
    parts = Mutex(Dictionary(names.map { ($0, false) }) { first, _ in first })
  }

  package var name: String { "parts" }

  /// To be called by a part once it does its work, and when it has ended.
  package func set(_ name: String, isRunning: Bool) {
    parts.withLock { $0[name] = isRunning }
  }

  package func check() async -> HealthReport {
    let missing = parts.withLock { $0.filter { !$0.value }.keys.sorted() }
    guard !missing.isEmpty else { return HealthReport(.ok) }
    return HealthReport(.failed, "Not running: \(missing.joined(separator: ", ")).")
  }
}
