internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Keys
package import Settings

extension SigningPolicy {
  /// Reads the YAML file at `path`; what it names is seen from its directory. Settings that don't
  /// exist are mistakes: a limit that is misspelt must not be missing.
  package static func load(_ path: String) throws(ConfigurationError) -> SigningPolicy {
    let file = SettingsFile(path: path)
    guard let root = file.root() else { throw ConfigurationError(mistakes: file.mistakes) }
    let record = root.text("record", default: path + ".record.json", hint: "")
    var chains: [ChainPolicy] = []
    for mapping in root.requiredList("chains", hint: "a list of the chains to sign for.") {
      guard let chain = chain(mapping) else { continue }
      if chains.contains(where: { $0.spec.name == chain.spec.name }) {
        mapping.note("spec", "The chain “\(chain.spec.name)” stands here twice: remove one.")
      }
      chains.append(chain)
    }
    root.finish()
    guard file.mistakes.isEmpty else { throw ConfigurationError(mistakes: file.mistakes) }
    return SigningPolicy(
      chains: chains, recordPath: root.has("record") ? file.resolve(record) : record)
  }

  private static func chain(_ mapping: SettingsMapping) -> ChainPolicy? {
    let specPath = mapping.text("spec", hint: "the chain's description, such as bitcoin.yaml.")
    var spec: ChainSpec?
    if !specPath.isEmpty {
      do throws(ConfigurationError) {
        spec = try ChainSpecFile.load(mapping.file.resolve(specPath))
      } catch {
        mapping.note("spec", "The chain's description can't be used; see what follows.")
        mapping.file.take(error)
      }
    }
    // Without the chain nothing else can be read.
    guard let spec else { return nil }
    let accounts = accounts(mapping, spec)
    let refunds = mapping.requiredChoice("refunds", of: ChainPolicy.RefundRule.self)
    // Whose word counts is decided by whoever writes the policy, not by leaving something out.
    let attesters =
      refunds == .attested
      ? mapping.requiredChoice("attested_by", of: ChainPolicy.AttesterRule.self) ?? .operators
      : mapping.choice("attested_by", default: ChainPolicy.AttesterRule.payers)
    let destinations = mapping.texts("destinations").compactMap { text, line in
      canonical(text, spec, mapping, "destinations", line: line)
    }
    let operators = mapping.texts("operators").compactMap { text, line in
      anyAddress(text, mapping, line: line)
    }
    if attesters == .operators, operators.isEmpty {
      mapping.note("operators", "It is missing: the addresses whose signatures count.")
    }
    let approvals = mapping.integer("approvals", in: 0...10, default: 0)
    // Each of them by another key.
    if approvals > Set(operators).count {
      mapping.note("approvals", "There are \(Set(operators).count) operators: it can be no more.")
    }
    let unattested = unattested(mapping, spec)
    if !unattested.isEmpty, refunds != .attested {
      mapping.note("unattested", "It belongs to “refunds: attested”, and to that only.")
    }
    let limits = limits(mapping, spec)
    let fees = fees(mapping, spec)
    let maximumInputs = mapping.integer("maximum_inputs", in: 1...10_000, default: 500)
    mapping.finish()
    guard let refunds, let fees else { return nil }
    return ChainPolicy(
      spec: spec, accounts: accounts, destinations: Set(destinations), refunds: refunds,
      attesters: attesters, operators: Set(operators), approvals: approvals,
      unattested: unattested, limits: limits, fees: fees, maximumInputs: maximumInputs)
  }

  private static func accounts(_ mapping: SettingsMapping, _ spec: ChainSpec) -> OwnAccounts {
    var accounts: [AccountKeys] = []
    for (text, line) in mapping.texts("accounts") {
      let path = mapping.path(of: "accounts")
      guard let keys = try? AccountKeys(text, for: spec.family) else {
        mapping.file.note(
          line, path, "It is no account of this chain: write it as `payctl keys account` does.")
        continue
      }
      if case .bitcoin(let descriptor) = keys, !hasOrigin(descriptor) {
        mapping.file.note(line, path, "Its origin is missing, by which its addresses are found.")
        continue
      }
      accounts.append(keys)
    }
    if accounts.isEmpty, !mapping.has("accounts") {
      mapping.note("accounts", "It is missing: the accounts that transactions spend from.")
    }
    return OwnAccounts(accounts)
  }

  private static func hasOrigin(_ descriptor: Descriptor) -> Bool {
    guard case .extended(_, let path, isRanged: true) = descriptor.key.key else { return false }
    return descriptor.key.origin != nil && path.steps.count == 1
  }

  /// The one text of an address on the chain; nil where it is none, with the mistake noted.
  private static func canonical(
    _ text: String, _ spec: ChainSpec, _ mapping: SettingsMapping, _ name: String, line: Int
  ) -> String? {
    let address: String? =
      switch spec.family {
      case .bitcoin(let network): (try? BitcoinAddress(text, network: network))?.text
      case .ethereum: (try? EthereumAddress(text))?.text
      }
    if address == nil {
      mapping.file.note(line, mapping.path(of: name), "“\(text)” is no address of this chain.")
    }
    return address
  }

  private static func anyAddress(
    _ text: String, _ mapping: SettingsMapping, line: Int
  ) -> String? {
    if let address = SettingsMapping.address(text) { return address }
    mapping.file.note(line, mapping.path(of: "operators"), "“\(text)” is no address.")
    return nil
  }

  private static func limits(
    _ mapping: SettingsMapping, _ spec: ChainSpec
  ) -> [String: ChainPolicy.SpendingLimit] {
    var limits: [String: ChainPolicy.SpendingLimit] = [:]
    for limit in mapping.requiredList("limits", hint: "a list with a limit for each asset.") {
      let symbol = limit.text("asset", hint: "the asset's symbol, such as BTC.")
      guard let asset = spec.listed(symbol)?.asset else {
        if !symbol.isEmpty { limit.note("asset", "\(spec.name) has no asset “\(symbol)”.") }
        continue
      }
      let perTransaction = ChainSpecFile.amount(limit, "per_transaction", asset)
      let perDay = ChainSpecFile.amount(limit, "per_day", asset)
      limit.finish()
      if limits[symbol] != nil {
        limit.note("asset", "The limit for \(symbol) stands here twice: remove one.")
      }
      limits[symbol] = .init(perTransaction: perTransaction, perDay: perDay)
    }
    return limits
  }

  private static func unattested(
    _ mapping: SettingsMapping, _ spec: ChainSpec
  ) -> [String: UInt256] {
    var amounts: [String: UInt256] = [:]
    guard mapping.has("unattested") else { return [:] }
    for item in mapping.requiredList("unattested", hint: "a list with an amount for each asset.") {
      let symbol = item.text("asset", hint: "the asset's symbol, such as BTC.")
      guard let asset = spec.listed(symbol)?.asset else {
        if !symbol.isEmpty { item.note("asset", "\(spec.name) has no asset “\(symbol)”.") }
        continue
      }
      let amount = ChainSpecFile.amount(item, "per_payment", asset)
      item.finish()
      if amounts[symbol] != nil {
        item.note("asset", "The amount of \(symbol) stands here twice: remove one.")
      }
      amounts[symbol] = amount
    }
    return amounts
  }

  private static let feeRate = Asset(symbol: "sat/vB", decimals: 3)
  private static let gasPrice = Asset(symbol: "gwei", decimals: 9)

  private static func fees(
    _ mapping: SettingsMapping, _ spec: ChainSpec
  ) -> ChainPolicy.FeeLimit? {
    let perTransaction = ChainSpecFile.amount(mapping, "maximum_fee", spec.asset)
    switch spec.family {
    case .bitcoin:
      let rate = ChainSpecFile.amount(mapping, "maximum_fee_rate", feeRate)
      guard let perKilobyte = rate.asUInt64, perKilobyte <= 1_000_000_000 else {
        mapping.note("maximum_fee_rate", "It must be at most 1000000 sat/vB.")
        return nil
      }
      return .init(perTransaction: perTransaction, rate: .bitcoin(perKilobyte: perKilobyte))
    case .ethereum:
      let price = ChainSpecFile.amount(mapping, "maximum_gas_price", gasPrice)
      let gas = mapping.requiredInteger("maximum_gas", in: 21_000...16_777_216)
      return .init(
        perTransaction: perTransaction, rate: .ethereum(gasPrice: price, gas: UInt64(gas)))
    }
  }
}
