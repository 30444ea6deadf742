/// Something whose health `/api/health` tells: the database, a chain's watcher.
package protocol HealthCheck: Sendable {
  /// A word that stands in the path `/api/health/<name>`.
  var name: String { get }

  /// Never takes long: one that has not answered after the deadline counts as failed.
  func check() async -> HealthReport
}

package struct HealthReport: Sendable, Equatable {
  package let status: Status
  /// A sentence for operators, without secrets.
  package let detail: String

  package enum Status: String, Sendable {
    case ok
    /// Serves, but someone should look.
    case degraded
    case failed
  }

  package init(_ status: Status, _ detail: String = "") {
    self.status = status
    self.detail = detail
  }
}
