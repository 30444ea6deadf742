package import Bytes
package import ChainTracking
package import ChainTypes
package import Database
package import Leases
package import Watching

/// What watchers need of the store: cursors, headers, coverage, transfers, and the payments that
/// they change, each step in one transaction.
///
/// Of several watchers of a chain one holds its lease, and its writes are fenced: where the lease
/// is lost they throw `LeaseLost` and nothing is written.
package struct ChainStore: RescanStore {
  package let database: any Database
  private let specs: [ChainName: ChainSpec]
  private let lease: Lease?
  /// For how many blocks a watcher that starts remembers what was dropped, as long as one that
  /// runs does.
  private static let droppedBlocks = 144
  /// How many deadlines one step lets pass at most.
  private let deadlinesPerStep = 500

  /// - Parameter lease: under which all writes are; nil for who is alone, or relies on the cursor's
  ///   version alone
  package init(database: any Database, specs: [ChainSpec], lease: Lease? = nil) {
    self.database = database
    self.lease = lease
    self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The lease of a chain's watcher in one region.
  package static func leaseName(of chain: ChainName, region: String) -> String {
    "watcher:\(chain):\(region)"
  }

  /// The epoch of the lease under which the chain's cursor was moved last; 0 where it never was
  /// under one.
  package static func writerEpoch(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> Int64 {
    try connection.queryFirst(
      "SELECT writer_epoch FROM chains WHERE chain = $1", [.text(chain.text)]
    )?.integer("writer_epoch") ?? 0
  }

  /// A chain that isn't configured.
  package struct UnknownChain: Error {
    package let chain: ChainName
  }

  private func spec(_ chain: ChainName) throws -> ChainSpec {
    guard let spec = specs[chain] else { throw UnknownChain(chain: chain) }
    return spec
  }

  package func record(of chain: ChainName, window: Int) async throws -> ChainRecord? {
    try await database.read { connection in
      guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else { return nil }
      let links = try ChainRecords.links(of: chain, limit: window, in: connection)
      let since =
        links.dropLast(Self.droppedBlocks).last.map { Timestamp(seconds: Int64($0.time)) }
        ?? Timestamp(microseconds: 0)
      return try ChainRecord(
        cursor: cursor,
        links: links,
        tracked: TransferRecords.unfinished(on: chain, droppedSince: since, in: connection))
    }
  }

  package func start(_ chain: ChainName, links: [ChainLink]) async throws -> ChainCursor {
    let (family, lease) = (try spec(chain).family.name, lease)
    return try await database.write { connection in
      if let lease { try Leases.check(lease, in: connection) }
      return try ChainRecords.start(
        chain, family: family, links: links, writerEpoch: lease?.epoch ?? 0, in: connection)
    }
  }

  package func scripts(
    for chain: ChainName, after ordinal: UInt64, limit: Int
  ) async throws -> [WatchedScript] {
    let family = try spec(chain).family.name
    return try await database.read { connection in
      try connection.query(
        """
        SELECT ordinal, script FROM addresses WHERE family = $1 AND ordinal > $2
        ORDER BY ordinal LIMIT $3
        """, [.text(family), .ordinal(ordinal), .integer(Int64(limit))]
      ).map { try WatchedScript(ordinal: $0.ordinal("ordinal"), scriptPubKey: $0.blob("script")) }
    }
  }

  package func requirements(
    on chain: ChainName, ordinals: [UInt64]
  ) async throws -> [UInt64: ConfirmationRequirement] {
    let family = try spec(chain).family.name
    return try await database.read { connection in
      var requirements: [UInt64: ConfirmationRequirement] = [:]
      for ordinal in Set(ordinals) {
        let row = try connection.queryFirst(
          """
          SELECT confirmations, finality FROM payments
          JOIN addresses ON addresses.payment_id = payments.payment_id
          WHERE addresses.family = $1 AND addresses.ordinal = $2 AND payments.chain = $3
          """, [.text(family), .ordinal(ordinal), .text(chain.text)])
        guard let row else { continue }
        requirements[ordinal] = ConfirmationRequirement(
          confirmations: try row.uint32("confirmations"), finality: try row.uint32("finality"))
      }
      return requirements
    }
  }

  package func stored(_ ids: [TransferID]) async throws -> [TrackedTransfer] {
    try await database.read { try TransferRecords.find(ids, in: $0) }
  }

  package func expectedBalances(
    on chain: ChainName, _ selection: BalanceExpectations.Selection
  ) async throws -> BalanceExpectations? {
    let family = try spec(chain).family.name
    return try await database.read {
      try BalanceRecords.expectations(on: chain, family: family, selection, in: $0)
    }
  }

  package func transfers(
    on chain: ChainName, above height: UInt32
  ) async throws -> [TrackedTransfer] {
    try await database.read { try TransferRecords.inBlocks(above: height, of: chain, in: $0) }
  }

  package func transfers(
    on chain: ChainName, in heights: ClosedRange<UInt32>
  ) async throws -> [TrackedTransfer] {
    try await database.read { try TransferRecords.inBlocks(heights, of: chain, in: $0) }
  }

  package func unproved(
    on chain: ChainName, in heights: ClosedRange<UInt32>
  ) async throws -> Set<Hash32> {
    try await database.read { try ProofRecords.lacking(in: heights, of: chain, in: $0) }
  }

  package func coverage(of chain: ChainName) async throws -> [CoverageRange] {
    try await database.read { try ChainRecords.coverage(of: chain, in: $0) }
  }

  package func openSlots(on chain: ChainName) async throws -> OpenSlots {
    try await database.read { try OutgoingRecords.openSlots(on: chain, in: $0) }
  }

  package func commit(_ step: ChainStep) async throws -> ChainCursor {
    let (spec, lease) = (try spec(step.chain), lease)
    let deadlines = deadlinesPerStep
    return try await database.write { connection in
      try StepWriter(
        step: step, spec: spec, lease: lease, deadlineLimit: deadlines, connection: connection
      ).write()
    }
  }
}
