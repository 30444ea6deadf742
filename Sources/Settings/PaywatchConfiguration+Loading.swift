internal import ChainTypes
internal import Foundation
internal import Keys

extension PaywatchConfiguration {
  /// Reads the YAML file at `path`.
  ///
  /// A single value can be overridden by an environment variable: `PAYWATCH_` and the setting's
  /// path in upper case, its parts and list indexes joined by `_`: `PAYWATCH_LISTEN_PORT`,
  /// `PAYWATCH_CHAINS_0_NODES_1_URL`. An override can't add an element to a list. Relative paths
  /// are seen from the file's directory.
  package static func load(
    _ path: String, environment: [String: String] = [:]
  ) throws(ConfigurationError) -> PaywatchConfiguration {
    let file = SettingsFile(path: path, environment: environment)
    guard let root = file.root() else { throw ConfigurationError(mistakes: file.mistakes) }
    let configuration = read(root)
    root.finish()
    file.refuseUnknownVariables()
    guard let configuration, file.mistakes.isEmpty else {
      throw ConfigurationError(mistakes: file.mistakes)
    }
    return configuration
  }

  private static func read(_ root: SettingsMapping) -> PaywatchConfiguration? {
    let region = identifier(root, "region", hint: "this region's name, such as eu-1.")
    let epoch = root.integer("restore_epoch", in: 0...Int(Int32.max / 2), default: 0)
    let listen = root.nested("listen")
    let host = listen.text("host", default: "127.0.0.1", hint: "")
    let port = listen.integer("port", in: 0...65_535, default: 8080)
    let lameDuck = listen.integer("drain_seconds", in: 0...3_600, default: 0)
    listen.finish()
    let database = database(root.nested("database"))
    let (kafka, redis, mail) = (kafka(root), redis(root), mail(root))
    let tokens = tokens(root)
    let services = services(root, kafka: kafka)
    let logLevel = root.choice("log_level", default: LogLevel.info)
    let chainsDirectory = root.text("chains_directory", default: "chains", hint: "")
    let chains = chains(root, directory: root.file.resolve(chainsDirectory))
    let tenants = tenants(root, chains: chains.map(\.spec))
    let pool = root.nested("address_pool")
    let ready = pool.integer("ready", in: 1...1_000_000, default: 1_000)
    let derivation = pool.choice("derivation", default: ChildDerivation.batched)
    pool.finish()
    let snapshots = watchSnapshotDirectory(root, database: database)
    let limits = root.nested("limits")
    let paymentsPerMinute = limits.optionalInteger("payments_per_minute", in: 1...60_000_000)
    limits.finish()
    let retention = root.nested("retention")
    let eventDays = retention.optionalInteger("event_days", in: 1...36_500)
    let deliveryDays = retention.integer("delivery_days", in: 1...36_500, default: 30)
    retention.finish()
    let prices = prices(
      root, chains: chains.map(\.spec), tenants: tenants, areAskedFor: services.prices != nil)
    let webhooks = webhooks(root)
    return PaywatchConfiguration(
      region: region, restoreEpoch: UInt32(epoch),
      listen: Listen(host: host, port: UInt16(port), lameDuckSeconds: lameDuck), database: database,
      kafka: kafka, redis: redis, mail: mail, tokens: tokens, services: services,
      logLevel: logLevel, chains: chains, tenants: tenants,
      addressPool: AddressPoolSettings(ready: ready, derivation: derivation),
      watchSnapshotDirectory: snapshots,
      limits: LimitSettings(paymentsPerMinute: paymentsPerMinute),
      retention: RetentionSettings(eventDays: eventDays, deliveryDays: deliveryDays),
      prices: prices, webhooks: webhooks)
  }

  /// 1 to 64 of `a–z`, `0–9`, `-` and `_`.
  static func identifier(
    _ mapping: SettingsMapping, _ name: String, default fallback: String? = nil, hint: String
  ) -> String {
    let text = mapping.text(name, default: fallback, hint: hint)
    let isValid =
      (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
      }
    if !isValid, !text.isEmpty {
      mapping.note(name, "“\(text)” must be 1 to 64 of a–z, 0–9, - and _.")
    }
    return text
  }

  // MARK: Tenants

  private static func tenants(_ root: SettingsMapping, chains: [ChainSpec]) -> [TenantSettings] {
    var tenants: [TenantSettings] = []
    var descriptors: Set<String> = []
    for mapping in root.list("tenants") {
      let id = identifier(mapping, "id", hint: "the tenant's id, such as main.")
      let name = mapping.text("name", default: id, hint: "")
      if name.utf8.count > 200 { mapping.note("name", "It must have at most 200 bytes.") }
      if tenants.contains(where: { $0.id == id }) {
        mapping.note("id", "The tenant “\(id)” stands here twice: remove one.")
      }
      tenants.append(
        TenantSettings(
          id: id, name: name, accounts: accounts(mapping, &descriptors),
          policies: policies(mapping.nested("policies"), chains: chains)))
      mapping.finish()
    }
    return tenants
  }

  private static func accounts(
    _ tenant: SettingsMapping, _ descriptors: inout Set<String>
  ) -> [AccountSettings] {
    var families: Set<AccountSettings.Family> = []
    let mappings = tenant.requiredList(
      "accounts", hint: "a list of accounts, each with its family and descriptor.")
    return mappings.map { mapping in
      let family = mapping.choice("family", default: AccountSettings.Family.bitcoin)
      if !families.insert(family).inserted {
        mapping.note("family", "The tenant has an account for \(family.rawValue) already.")
      }
      let descriptor = mapping.text(
        "descriptor",
        hint: "an output descriptor, or an EVM account's key, as payctl keys prints it.")
      if !descriptor.isEmpty, !descriptors.insert(descriptor).inserted {
        mapping.note("descriptor", "Another account has it: their addresses would be the same.")
      }
      mapping.finish()
      return AccountSettings(family: family, descriptor: descriptor)
    }
  }
}
