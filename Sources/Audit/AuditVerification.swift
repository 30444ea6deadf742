package import Database

/// Walks chains in the database, and holds them against heads that were kept elsewhere.
package struct AuditVerification: Sendable {
  /// What was kept elsewhere.
  package let kept: [AuditHead]
  private static let pageLimit = 500

  package init(kept: [AuditHead] = []) { self.kept = kept }

  /// What became of one chain.
  package struct Outcome: Sendable, Equatable {
    package let tenant: String?
    /// The records that hold, from the first.
    package let records: Int64
    /// Nil where all holds.
    package let broken: AuditChain.Break?
  }

  /// All chains that the database or the kept heads know, or one tenant's (operators' where nil).
  package func tenants(in connection: any SQLConnection) throws -> [String?] {
    let stored = try connection.query(
      "SELECT tenant FROM audit_heads UNION SELECT tenant FROM audit_log"
    ).map { try $0.text("tenant") }
    return Set(stored + kept.map { $0.tenant ?? "" }).sorted().map(AuditLog.tenant)
  }

  /// The chain as it is at one moment.
  package func verify(
    _ tenant: String?, in connection: any SQLConnection
  ) throws -> Outcome {
    var chain = AuditChain(tenant: tenant)
    // Several may have been kept over time; each must lie on the chain.
    var kept = kept.filter { $0.tenant == tenant && $0.position > 0 }
      .sorted { $0.position < $1.position }[...]
    do {
      while true {
        let records = try AuditLog.page(
          of: tenant, after: chain.position, limit: Self.pageLimit, in: connection)
        if records.isEmpty { break }
        for record in records {
          try chain.take(record)
          while let head = kept.first, head.position == chain.position {
            guard head.hash == chain.hash else {
              throw AuditChain.Break.replaced(position: head.position)
            }
            kept.removeFirst()
          }
        }
      }
      if let head = kept.first {
        throw AuditChain.Break.cut(position: chain.position, head: head.position)
      }
      try chain.check(end: try AuditHead.stored(of: tenant, in: connection))
      return Outcome(tenant: tenant, records: chain.position, broken: nil)
    } catch let error as AuditChain.Break {
      return Outcome(tenant: tenant, records: chain.position, broken: error)
    }
  }
}
