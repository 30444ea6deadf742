package import Bytes
package import ChainTypes
package import Keys

/// All settings of a `paywatch` process, checked.
package struct PaywatchConfiguration: Sendable, Equatable {
  /// The region's name, as it stands with payments and events.
  package let region: String
  /// Which restore of this region's database this is; addresses of each lie on branches of their
  /// own.
  package let restoreEpoch: UInt32
  package let listen: Listen
  package let database: DatabaseSettings
  /// Nil where events are read from the database only.
  package let kafka: KafkaSettings?
  /// Nil where each process caches for itself.
  package let redis: RedisSettings?
  /// Nil where customers get no mail.
  package let mail: MailSettings?
  /// Nil where nobody but programs with API keys is let in.
  package let tokens: TokenSettings?
  package let services: ServiceSettings
  package let logLevel: LogLevel
  package let chains: [ChainSettings]
  package let tenants: [TenantSettings]
  package let addressPool: AddressPoolSettings
  /// Where watchers keep snapshots of their addresses; nil where they don't. Unless told otherwise
  /// beside SQLite's file, as those who can read that know all that a snapshot tells, and nowhere
  /// with PostgreSQL, where a process needn't have a disk.
  package let watchSnapshotDirectory: String?
  package let limits: LimitSettings
  package let retention: RetentionSettings
  /// Nil where nobody quotes prices.
  package let prices: PriceSettings?
  package let webhooks: WebhookSettings

  package struct Listen: Sendable, Equatable {
    package let host: String
    /// 0 for a free port.
    package let port: UInt16
    /// `drain_seconds`: how long a process that is told to end still takes requests while its
    /// readiness says no, so that balancers notice. What is in progress then has ten seconds more.
    package let lameDuckSeconds: Int
  }

  package enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  package struct AddressPoolSettings: Sendable, Equatable {
    /// How many derived, watched addresses wait to be handed out, for each account.
    package let ready: Int
    package let derivation: ChildDerivation
  }

  /// What one tenant may do how often.
  package struct LimitSettings: Sendable, Equatable {
    /// New payments; nil for any number.
    package let paymentsPerMinute: Int?
  }

  /// How long what is published, and what was delivered, is kept.
  package struct RetentionSettings: Sendable, Equatable {
    /// Nil for ever.
    package let eventDays: Int?
    /// Of deliveries that have ended.
    package let deliveryDays: Int
  }
}

/// One chain to watch.
package struct ChainSettings: Sendable, Equatable {
  package let spec: ChainSpec
  /// How many of the nodes must have a block in their active chain.
  package let quorum: Int
  /// Where watching starts; nil for the tip at the first start.
  package let startHeight: UInt32?
  /// The block at `startHeight`, in internal byte order on Bitcoin: pins the chain.
  package let startHash: Hash32?
  package let pollMilliseconds: Int
  package let nodes: [NodeSettings]
  /// Of EVM chains; nil on others.
  package let ethereum: EthereumSettings?
  package let payouts: PayoutSettings
}

/// How coins that contracts move are found on an EVM chain.
package struct EthereumSettings: Sendable, Equatable {
  /// Whether the nodes are asked for traces (`debug_traceBlockByHash`).
  package let traces: Bool
  /// Of how many addresses with open payments the balance is proved at each block where blocks
  /// aren't traced, or of all whose deadlines pass with it where these are more; 0 for none.
  package let balanceProofsPerBlock: Int
}

package struct NodeSettings: Sendable, Equatable {
  /// Unique among the chain's nodes.
  package let name: String
  /// `http://host:port/` or `https://…`, without user and password. Providers put a key into it.
  package let url: Secret
  package let credentials: Credentials

  package enum Credentials: Sendable, Equatable {
    case none
    case password(user: String, Secret)
    /// Read again whenever the node refuses it: Bitcoin Core writes a new one at each start.
    case cookieFile(String)
  }
}

package struct TenantSettings: Sendable, Equatable {
  package let id: String
  package let name: String
  package let accounts: [AccountSettings]
  package let policies: PolicySettings
}

package struct AccountSettings: Sendable, Equatable {
  package let family: Family
  /// An output descriptor, or an EVM account's key with its origin, as it stands in the file; its
  /// content is checked where it is used.
  package let descriptor: String

  /// Named as `ChainSpec.Family`.
  package enum Family: String, Sendable, CaseIterable {
    case bitcoin, ethereum
  }
}
