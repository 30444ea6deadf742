internal import Foundation

/// The engines that the database-using tests run on.
package enum TestEngine: String, Sendable, CaseIterable {
  case sqlite
  case postgreSQL = "postgresql"

  /// What `PAYWATCH_TEST_DATABASE` names, for suites that don't run on both at once.
  package static let selected: TestEngine = {
    let name = ProcessInfo.processInfo.environment["PAYWATCH_TEST_DATABASE"] ?? "sqlite"
    guard let engine = TestEngine(rawValue: name) else {
      preconditionFailure("PAYWATCH_TEST_DATABASE is sqlite or postgresql, not \(name)")
    }
    return engine
  }()
}
