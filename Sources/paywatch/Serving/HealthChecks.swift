internal import ChainTracking
internal import ChainTypes
internal import Database
internal import EventLog
internal import HTTPServer
internal import NodeRPC
internal import Settlement
internal import Watching

/// Whether the database answers.
struct DatabaseHealth: HealthCheck {
  let database: any Database

  var name: String { "database" }

  func check() async -> HealthReport {
    do {
      _ = try await database.read { try $0.queryFirst("SELECT 1 AS one") }
      return HealthReport(.ok)
    } catch {
      return HealthReport(.failed, "The database doesn't answer.")
    }
  }
}

/// Whether events reach the brokers. Of a process that doesn't relay there is nothing to say.
struct RelayHealth: HealthCheck {
  let status: @Sendable () -> RelayStatus?

  var name: String { "relay" }

  func check() async -> HealthReport {
    guard let status = status() else { return HealthReport(.ok, "Not this process's affair.") }
    guard let error = status.lastError else {
      return HealthReport(.ok, "Sent to \(status.cursor).")
    }
    return HealthReport(
      .degraded, "Sent to \(status.cursor); \(status.failures) failures since: \(error).")
  }
}

/// Whether a chain is followed and credited.
struct ChainHealth: HealthCheck {
  let spec: ChainSpec
  let quorum: Int
  let database: any Database
  /// Nil where another process watches.
  let watch: ChainWatch?

  /// How old the last look through the mempools, or an EVM chain's tip, may be.
  private static let lookAgeSeconds: Int64 = 600

  var name: String { "chain-\(spec.name)" }

  func check() async -> HealthReport {
    do {
      let (cursor, holes) = try await database.read { [chain = spec.name] connection in
        (
          try ChainRecords.cursor(of: chain, in: connection),
          try ChainRecords.coverageHoles(of: chain, in: connection) ?? []
        )
      }
      return report(cursor, holes)
    } catch {
      return HealthReport(.failed, "The database doesn't answer.")
    }
  }

  private func report(_ cursor: ChainCursor?, _ holes: [CoverageHole]) -> HealthReport {
    // Who stands by knows no more than the database.
    let watch = watch.flatMap { $0.isLeading ? $0 : nil }
    let holding = watch?.hold.map { "Holding: \($0)." }
    guard let cursor else { return HealthReport(.degraded, holding ?? "Not started.") }
    if let halt = cursor.halt { return HealthReport(.failed, "Halted: \(halt).") }
    guard holes.isEmpty else {
      return HealthReport(.failed, "Coverage has holes: see payctl coverage.")
    }
    if let nodes = watch?.nodeStatus {
      let working = nodes.count { $0.quarantine == nil && $0.lastError == nil }
      guard working >= quorum else {
        return HealthReport(.degraded, "\(working) nodes work, \(quorum) must agree.")
      }
    }
    let place = "At \(cursor.tip.height)."
    if let holding { return HealthReport(.degraded, "\(place) \(holding)") }
    let looked = cursor.lookedThrough
    guard let looked, looked.adding(seconds: Self.lookAgeSeconds) >= SystemTime().now else {
      let stale = stale(since: looked?.description ?? "the start")
      return HealthReport(.degraded, "\(place) \(stale): nothing expires.")
    }
    switch spec.family {
    case .bitcoin: return HealthReport(.ok, "\(place) Mempools are known to \(looked).")
    case .ethereum: return HealthReport(.ok, "\(place) The tip is of \(looked).")
    }
  }

  /// What deadlines wait for: a look at mempools, or a block with a later time where no mempool is
  /// looked at.
  private func stale(since moment: String) -> String {
    switch spec.family {
    case .bitcoin: "No mempool was looked through since \(moment)"
    case .ethereum: "No tip was agreed on that is later than \(moment)"
    }
  }
}
