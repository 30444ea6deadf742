internal import ChainTypes
internal import Foundation

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
    let drain = listen.integer("drain_seconds", in: 0...3_600, default: 0)
    listen.finish()
    let database = database(root.nested("database"))
    let (kafka, redis) = (kafka(root), redis(root))
    let logLevel = root.choice("log_level", default: LogLevel.info)
    let chainsDirectory = root.text("chains_directory", default: "chains", hint: "")
    let chains = chains(root, directory: root.file.resolve(chainsDirectory))
    let tenants = tenants(root, assets: chains.map(\.spec.asset))
    let pool = root.nested("address_pool")
    let ready = pool.integer("ready", in: 1...1_000_000, default: 1_000)
    pool.finish()
    let limits = root.nested("limits")
    let paymentsPerMinute = limits.optionalInteger("payments_per_minute", in: 1...60_000_000)
    limits.finish()
    let retention = root.nested("retention")
    let eventDays = retention.optionalInteger("event_days", in: 1...36_500)
    retention.finish()
    return PaywatchConfiguration(
      region: region, restoreEpoch: UInt32(epoch),
      listen: Listen(host: host, port: UInt16(port), drainSeconds: drain), database: database,
      kafka: kafka, redis: redis,
      logLevel: logLevel, chains: chains, tenants: tenants,
      addressPool: AddressPoolSettings(ready: ready),
      limits: LimitSettings(paymentsPerMinute: paymentsPerMinute),
      retention: RetentionSettings(eventDays: eventDays))
  }

  /// 1 to 64 of `a–z`, `0–9`, `-` and `_`.
  private static func identifier(
    _ mapping: SettingsMapping, _ name: String, hint: String
  ) -> String {
    let text = mapping.text(name, hint: hint)
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

  // MARK: Chains

  private static func chains(_ root: SettingsMapping, directory: String) -> [ChainSettings] {
    var chains: [ChainSettings] = []
    for mapping in root.requiredList("chains", hint: "a list of the chains to watch.") {
      guard let chain = chain(mapping, directory: directory) else { continue }
      if chains.contains(where: { $0.spec.name == chain.spec.name }) {
        mapping.note("name", "The chain “\(chain.spec.name)” stands here twice: remove one.")
      } else if chains.contains(where: { $0.spec.family.name == chain.spec.family.name }) {
        // Accounts and addresses belong to one network of a family.
        mapping.note("name", "One Bitcoin network fits in a database: give each one of its own.")
      }
      chains.append(chain)
    }
    return chains
  }

  private static func chain(_ mapping: SettingsMapping, directory: String) -> ChainSettings? {
    let name = mapping.text("name", hint: "a chain's name, such as bitcoin.")
    let specPath = mapping.optionalText("spec").map(mapping.file.resolve)
    let quorum = mapping.optionalInteger("quorum", in: 1...100)
    let startHeight = mapping.optionalInteger("start_height", in: 0...Int(Int32.max))
    let startHash = ChainSpecFile.hash(mapping, "start_hash")
    let poll = mapping.integer("poll_milliseconds", in: 10...600_000, default: 1_000)
    let nodes = nodes(mapping)
    mapping.finish()
    if startHash != nil, startHeight == nil {
      mapping.note("start_hash", "It needs start_height: the height of that block.")
    }
    if let quorum, quorum > nodes.count, !nodes.isEmpty {
      mapping.note(
        "quorum", "\(quorum) of \(nodes.count) nodes can't be had: add nodes or lower it.")
    }
    if quorum == nil, nodes.count > 1, !mapping.has("quorum") {
      mapping.note("quorum", "It is missing: how many of the \(nodes.count) nodes must agree.")
    }
    guard ChainName(name) != nil else {
      if !name.isEmpty { mapping.note("name", "“\(name)” must be 1 to 40 of a–z, 0–9 and -.") }
      return nil
    }
    let path = specPath ?? (directory as NSString).appendingPathComponent("\(name).yaml")
    guard let spec = spec(mapping, name: name, path: path) else { return nil }
    return ChainSettings(
      spec: spec, quorum: quorum ?? 1, startHeight: startHeight.map(UInt32.init),
      startHash: startHash, pollMilliseconds: poll, nodes: nodes)
  }

  private static func spec(_ mapping: SettingsMapping, name: String, path: String) -> ChainSpec? {
    do throws(ConfigurationError) {
      let spec = try ChainSpecFile.load(path)
      if spec.name.text != name {
        mapping.note(
          "name", "\(path) describes “\(spec.name)”: name the chain so, or another file.")
      }
      return spec
    } catch {
      mapping.note("name", "The chain's description \(path) can't be used; see what follows.")
      mapping.file.take(error)
      return nil
    }
  }

  private static func nodes(_ chain: SettingsMapping) -> [NodeSettings] {
    var nodes: [NodeSettings] = []
    let mappings = chain.requiredList(
      "nodes", hint: "a list of the chain's nodes, each with a url.")
    for (index, mapping) in mappings.enumerated() {
      let name = mapping.text("name", default: "node-\(index + 1)", hint: "")
      let url = mapping.text("url", hint: "the node's RPC, such as http://127.0.0.1:8332.")
      check(url, of: mapping)
      if nodes.contains(where: { $0.name == name }) {
        mapping.note("name", "Another node of the chain is called “\(name)”: rename one.")
      }
      nodes.append(NodeSettings(name: name, url: url, credentials: credentials(mapping)))
      mapping.finish()
    }
    return nodes
  }

  private static func check(_ url: String, of mapping: SettingsMapping) {
    guard !url.isEmpty, check(url, schemes: ["http", "https"], of: mapping) else { return }
    if URLComponents(string: url)?.user != nil {
      mapping.note(
        "url", "It must hold no password: use user and password_file, or cookie_file.")
    }
  }

  private static func credentials(_ mapping: SettingsMapping) -> NodeSettings.Credentials {
    let user = mapping.optionalText("user")
    let passwordFile = mapping.optionalText("password_file")
    let cookieFile = mapping.optionalText("cookie_file")
    if let cookieFile {
      if user != nil || passwordFile != nil {
        mapping.note("cookie_file", "It stands alone: remove it, or user and password_file.")
      }
      return .cookieFile(mapping.file.resolve(cookieFile))
    }
    switch (user, passwordFile) {
    case (nil, nil): return .none
    case (nil, .some):
      mapping.note("password_file", "It needs user: the name that belongs to the password.")
    case (.some, nil):
      mapping.note("user", "It needs password_file: a file that holds the password.")
    case (.some(let user), .some):
      if let password = secret(mapping, "password_file") { return .password(user: user, password) }
    }
    return .none
  }

  // MARK: Tenants

  private static func tenants(_ root: SettingsMapping, assets: [Asset]) -> [TenantSettings] {
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
          policies: policies(mapping.nested("policies"), assets: assets)))
      mapping.finish()
    }
    return tenants
  }

  private static func accounts(
    _ tenant: SettingsMapping, _ descriptors: inout Set<String>
  ) -> [AccountSettings] {
    var families: Set<AccountSettings.Family> = []
    let mappings = tenant.requiredList(
      "accounts", hint: "a list of accounts, each with a descriptor.")
    return mappings.map { mapping in
      let family = mapping.choice("family", default: AccountSettings.Family.bitcoin)
      if !families.insert(family).inserted {
        mapping.note("family", "The tenant has an account for \(family.rawValue) already.")
      }
      let descriptor = mapping.text(
        "descriptor", hint: "an output descriptor with its checksum, as payctl keys prints it.")
      if !descriptor.isEmpty, !descriptors.insert(descriptor).inserted {
        mapping.note("descriptor", "Another account has it: their addresses would be the same.")
      }
      mapping.finish()
      return AccountSettings(family: family, descriptor: descriptor)
    }
  }

  private static func policies(_ mapping: SettingsMapping, assets: [Asset]) -> PolicySettings {
    let late = mapping.choice("late", default: PolicySettings.Late.hold)
    let tolerance = amounts(mapping.nested("tolerance"), assets)
    let zeroConf = amounts(mapping.nested("zero_conf_max"), assets)
    let expiry = mapping.nested("expiry_seconds")
    let range = 1...31_536_000
    let fallback = expiry.integer("default", in: range, default: 900)
    let minimum = expiry.integer("min", in: range, default: min(60, fallback))
    let maximum = expiry.integer("max", in: range, default: max(86_400, fallback))
    if !(minimum <= fallback && fallback <= maximum) {
      expiry.note("default", "It must lie from min (\(minimum)) to max (\(maximum)).")
    }
    expiry.finish()
    let confirmations = mapping.optionalInteger("confirmations", in: 1...10_000)
    mapping.finish()
    return PolicySettings(
      late: late, tolerance: tolerance, zeroConfirmationMaximum: zeroConf,
      expiry: .init(
        defaultSeconds: Int64(fallback), minimumSeconds: Int64(minimum),
        maximumSeconds: Int64(maximum)),
      confirmations: confirmations.map(UInt32.init))
  }

  /// Amounts by asset: `{BTC: 0.001}`.
  private static func amounts(_ mapping: SettingsMapping, _ assets: [Asset]) -> [Asset: Amount] {
    var amounts: [Asset: Amount] = [:]
    for name in mapping.names {
      let text = mapping.text(name, hint: "an amount.")
      guard let asset = assets.first(where: { $0.symbol == name }) else {
        let known = Set(assets.map(\.symbol)).sorted().joined(separator: ", ")
        mapping.note(name, "No configured chain has this asset; there are: \(known).")
        continue
      }
      do {
        amounts[asset] = try Amount(units: text, asset: asset)
      } catch {
        mapping.note(name, ChainSpecFile.message(error, asset))
      }
    }
    return amounts
  }
}
