internal import Bytes
package import ChainTypes

/// Reads `chains/<name>.yaml`: what a network is, and how deep its transfers must be.
package enum ChainSpecFile {
  package static func load(_ path: String) throws(ConfigurationError) -> ChainSpec {
    let file = SettingsFile(path: path)
    guard let root = file.root() else { throw ConfigurationError(mistakes: file.mistakes) }
    let spec = read(root)
    root.finish()
    guard let spec, file.mistakes.isEmpty else {
      throw ConfigurationError(mistakes: file.mistakes)
    }
    return spec
  }

  private static func read(_ root: SettingsMapping) -> ChainSpec? {
    let nameText = root.text("name", hint: "the network's name, as the file's.")
    let name = ChainName(nameText)
    if name == nil, !nameText.isEmpty {
      root.note("name", "“\(nameText)” must be 1 to 40 of a–z, 0–9 and -.")
    }
    let family = root.text("family", hint: "bitcoin.")
    if family != "bitcoin", !family.isEmpty {
      root.note("family", "“\(family)” is not a family that this program knows: bitcoin.")
    }
    let networkText = root.text("network", hint: "mainnet, testnet3, testnet4, signet or regtest.")
    let kind = BitcoinNetwork.Kind(rawValue: networkText)
    if kind == nil, !networkText.isEmpty {
      let all = BitcoinNetwork.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      root.note("network", "“\(networkText)” must be one of \(all).")
    }
    let asset = asset(root.nested("asset"))
    let genesis = hash(root, "genesis_hash")
    if genesis == nil, !root.has("genesis_hash") {
      root.note("genesis_hash", "It is missing: the hash of block 0 in display order.")
    }
    let finality = root.requiredInteger("finality_depth", in: 1...10_000)
    let maturity = root.requiredInteger("coinbase_maturity", in: 0...100_000)
    let dust = amount(root, "dust_limit", asset)
    let stall = root.requiredInteger("stall_seconds", in: 1...10_000_000)
    let tiers = tiers(root, asset, finality: finality)
    let limits = root.nested("credit_limits")
    let creditLimits = CreditLimits(
      single: limit(limits, "single", asset), quorum: limit(limits, "quorum", asset),
      work: limit(limits, "work", asset),
      workFrom: limits.optionalInteger("work_from", in: 0...Int(Int32.max)).map(UInt32.init))
    limits.finish()
    guard let name, let kind, let genesis, family == "bitcoin" else { return nil }
    return ChainSpec(
      name: name, family: .bitcoin(BitcoinNetwork(kind)), asset: asset, genesisHash: genesis,
      finalityDepth: UInt32(finality), coinbaseMaturity: UInt32(maturity), dustLimit: dust,
      confirmationTiers: tiers, creditLimits: creditLimits, stallSeconds: UInt32(stall))
  }

  private static func asset(_ mapping: SettingsMapping) -> Asset {
    let symbol = mapping.text("symbol", hint: "the coin's symbol, such as BTC.")
    let decimals = mapping.requiredInteger("decimals", in: 0...36)
    mapping.finish()
    return Asset(symbol: symbol, decimals: UInt8(decimals))
  }

  private static func tiers(
    _ root: SettingsMapping, _ asset: Asset, finality: Int
  ) -> [ChainSpec.ConfirmationTier] {
    var tiers: [ChainSpec.ConfirmationTier] = []
    for mapping in root.list("confirmations") {
      let from = amount(mapping, "from", asset)
      let depth = mapping.requiredInteger("depth", in: 1...10_000)
      mapping.finish()
      if depth > finality {
        mapping.note("depth", "It must not exceed finality_depth, which is \(finality).")
      }
      if let last = tiers.last, from <= last.from {
        mapping.note("from", "The tiers' amounts must grow from one to the next.")
      }
      tiers.append(.init(from: from, confirmations: UInt32(depth)))
    }
    if tiers.isEmpty {
      root.note("confirmations", "It is missing: a list of {from: amount, depth: number}.")
    } else if tiers.first?.from != .zero {
      root.note("confirmations", "The first tier must begin at 0.")
    }
    return tiers
  }

  /// A block hash in display order; nil where absent or wrong, with the mistake noted.
  static func hash(_ mapping: SettingsMapping, _ name: String) -> Hash32? {
    guard let text = mapping.optionalText(name) else { return nil }
    do {
      return try Hash32(displayHex: text)
    } catch {
      mapping.note(
        name, "“\(text)” must be 64 hexadecimal digits, as block explorers show a block's hash.")
      return nil
    }
  }

  /// A required amount in units; zero where wrong, with the mistake noted.
  static func amount(_ mapping: SettingsMapping, _ name: String, _ asset: Asset) -> UInt256 {
    let text = mapping.text(name, hint: "an amount in \(asset.symbol), such as 0.001.")
    guard !text.isEmpty else { return .zero }
    do {
      return try Amount(units: text, asset: asset).minorUnits
    } catch {
      mapping.note(name, message(error, asset))
      return .zero
    }
  }

  /// An amount or `none`; the setting must stand there, so that nobody forgets it.
  private static func limit(
    _ mapping: SettingsMapping, _ name: String, _ asset: Asset
  ) -> UInt256? {
    let text = mapping.text(name, hint: "the largest payment in \(asset.symbol), or none.")
    guard !text.isEmpty, text != "none" else { return nil }
    do {
      return try Amount(units: text, asset: asset).minorUnits
    } catch {
      mapping.note(name, message(error, asset))
      return nil
    }
  }

  static func message(_ error: Amount.ParsingError, _ asset: Asset) -> String {
    switch error {
    case .malformed(let text):
      "“\(text)” must be an amount in \(asset.symbol): digits with at most one point, such as 0.001."
    case .tooManyDecimals(let text, let allowed):
      "“\(text)” has more than \(allowed) decimals, which is all that \(asset.symbol) has."
    case .tooLarge(let text): "“\(text)” is too large for an amount."
    }
  }
}
