package import Bytes
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
    let family = root.text("family", hint: "bitcoin or ethereum.")
    switch family {
    case "ethereum": return ethereum(root, name: name)
    case "bitcoin", "": break
    default:
      root.note(
        "family", "“\(family)” is not a family that this program knows: bitcoin, ethereum.")
    }
    return bitcoin(root, name: family == "bitcoin" ? name : nil)
  }

  private static func bitcoin(_ root: SettingsMapping, name: ChainName?) -> ChainSpec? {
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
    let stall = root.requiredInteger("stall_seconds", in: 1...10_000_000)
    let coin = listed(asset, root, finality: finality, hasWork: true)
    guard let name, let kind, let genesis else { return nil }
    return ChainSpec(
      name: name, family: .bitcoin(BitcoinNetwork(kind)), coin: coin, genesisHash: genesis,
      finalityDepth: UInt32(finality), coinbaseMaturity: UInt32(maturity),
      blockMilliseconds: BitcoinNetwork.blockMilliseconds, stallSeconds: UInt32(stall))
  }

  /// A chain's own coin: its symbol and decimals.
  static func asset(_ mapping: SettingsMapping) -> Asset {
    let symbol = mapping.text("symbol", hint: "the coin's symbol, such as BTC.")
    let decimals = mapping.requiredInteger("decimals", in: 0...36)
    mapping.finish()
    return Asset(symbol: symbol, decimals: UInt8(decimals))
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
  package static func amount(_ mapping: SettingsMapping, _ name: String, _ asset: Asset) -> UInt256
  {
    let text = mapping.text(name, hint: "an amount in \(asset.symbol), such as 0.001.")
    guard !text.isEmpty else { return .zero }
    do {
      return try Amount(units: text, asset: asset).minorUnits
    } catch {
      mapping.note(name, message(error, asset))
      return .zero
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
