internal import ChainTypes
internal import Database
internal import Deployment
internal import EventLog
internal import Kafka
internal import Keys
internal import Logging
internal import Settings
internal import Settlement
internal import Tenancy
internal import Watching

/// What a start does to the database before anything runs on it: its schema, tenants and accounts
/// are brought up to date, and what it holds must fit the configuration.
struct Preparation {
  let plan: Plan
  let database: any Database
  let addresses: AddressPool
  /// The brokers with which the database is compared; nil where none are configured, or where
  /// nothing is handed out.
  let brokers: KafkaEventSink?

  /// The numbers of the configured accounts. The failure says what to change.
  func run() async throws -> Set<Int64> {
    try await explained { try await database.read { try RestoreEpoch.checkFinished(in: $0) } }
    try await Schema.migrate(database)
    if let warning = try await database.read({ try RowSecurity.warning(in: $0) }) {
      Logger(label: "paywatch").warning("\(warning)")
    }
    let epoch = Int64(plan.configuration.restoreEpoch)
    try await explained {
      try await database.write { try RestoreEpoch.agree(on: epoch, in: $0) }
    }
    try await compareWithBrokers(epoch: epoch)
    for chain in plan.configuration.chains { try await checkStart(of: chain) }
    let now = SystemTime().now
    var accounts: Set<Int64> = []
    for tenant in plan.tenants {
      try await database.write { connection in
        try Tenants.createOrRename(id: tenant.id, name: tenant.name, now: now, in: connection)
      }
      for keys in tenant.accounts {
        do {
          accounts.insert(
            try await addresses.register(
              AddressPool.Account(
                tenant: tenant.id, region: plan.configuration.region,
                epoch: epoch, keys: keys)))
          // Our own addresses lie on the branch beside; an account without branches has none, and
          // pays nothing out.
          if let own = try keys.onBranch(2 * plan.configuration.restoreEpoch + 1) {
            accounts.insert(
              try await addresses.register(
                AddressPool.Account(
                  tenant: tenant.id, region: plan.configuration.region, epoch: epoch, keys: own,
                  purpose: .treasury)))
          }
        } catch let failure as AddressPool.Failure {
          throw CommandFailure("tenant \(tenant.id): \(failure.sentence)")
        }
      }
    }
    return accounts
  }

  /// A database that was put back from an older copy, and whose epoch nobody has raised, would hand
  /// out addresses again that are in use. The brokers know of events that it doesn't; while they
  /// can't be asked, it waits.
  private func compareWithBrokers(epoch: Int64) async throws {
    guard let brokers else { return }
    while true {
      do {
        let state = try await brokers.look()
        return try await database.read { try RelayRecords.check(state, epoch: epoch, in: $0) }
      } catch let error as RelayError {
        throw CommandFailure("\(error)")
      } catch let error as EventSinkError {
        Logger(label: "paywatch").warning(
          "waiting for the brokers, which tell whether the database is the latest",
          metadata: ["error": "\(error)"])
        try await Task.sleep(for: .seconds(2))
      }
    }
  }

  private func explained(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let mismatch as RestoreEpoch.Mismatch {
      throw CommandFailure("\(mismatch)")
    }
  }

  /// A pinned block is believed to be the one above which scanning began: it must be.
  private func checkStart(of chain: ChainSettings) async throws {
    let name = chain.spec.name
    let anchor = try await database.read { try ChainRecords.anchor(of: name, in: $0) }
    guard let anchor, let height = chain.startHeight else { return }
    if let hash = chain.startHash, anchor != BlockRef(height: height, hash: hash) {
      throw CommandFailure(
        "chain \(name): the database's scanning began above \(anchor), not above the pinned "
          + "start_height and start_hash: pin that block, or leave both out")
    }
    if anchor.height != height {
      Logger(label: "paywatch").notice(
        "start_height is for a new database; this one's scanning began elsewhere",
        metadata: ["chain": "\(name)", "start_height": "\(height)", "began": "\(anchor)"])
    }
  }
}

extension AddressPool.Failure {
  fileprivate var sentence: String {
    switch self {
    case .descriptorChanged(_, let stored):
      "the database has another account for it, \(stored): put that one back; a new one needs a "
        + "higher restore_epoch or another database"
    case .descriptorTaken(_, let tenant, let region):
      "its account belongs to tenant \(tenant) in region \(region) already: the same addresses "
        + "would be handed out twice"
    case .notRanged: "its account gives only one address"
    case .epochBehind(_, let stored):
      "the database is at restore_epoch \(stored) already: addresses of a lower one may be in use"
    case .exhausted(let account): "account \(account) has no addresses left"
    case .wronglyDerived(let account, let index):
      "account \(account)'s address at index \(index) isn't libsecp256k1's: none was added; set "
        + "address_pool.derivation to libsecp256k1, and report it"
    }
  }
}
