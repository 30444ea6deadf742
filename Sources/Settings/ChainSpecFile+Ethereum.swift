internal import Addresses
internal import Bytes
internal import ChainTypes

// The files of EVM chains.
extension ChainSpecFile {
  static func ethereum(_ root: SettingsMapping, name: ChainName?) -> ChainSpec? {
    let network = network(root)
    let asset = asset(root.nested("asset"))
    let genesis = ethereumHash(root, "genesis_hash")
    if !root.has("genesis_hash"), let network, network.kind != .development {
      root.note("genesis_hash", "It is missing: the hash of block 0, 0x and 64 digits.")
    }
    let finality = root.requiredInteger("finality_depth", in: 1...10_000)
    let tag = root.optionalChoice("finality_tag", of: FinalityTag.self)
    let block = root.requiredInteger("block_milliseconds", in: 1...3_600_000)
    let stall = root.requiredInteger("stall_seconds", in: 1...10_000_000)
    let credit = root.optionalFlag("credit")
    if credit == true || !root.isGiven("credit"), let profile = network?.profile,
      !profile.provesTransactions
    {
      root.note(
        "credit",
        "It must be false: transactions of the profile “\(profile.rawValue)” can't be proved yet.")
    }
    let coin = listed(asset, root, finality: finality, hasWork: false)
    let tokens = tokens(root, coin: asset, finality: finality)
    guard let name, let network else { return nil }
    return ChainSpec(
      name: name, family: .ethereum(network), coin: coin, tokens: tokens, genesisHash: genesis,
      finalityDepth: UInt32(finality), finalityTag: tag, isCredited: credit ?? true,
      blockMilliseconds: UInt32(block), stallSeconds: UInt32(stall))
  }

  private static func network(_ root: SettingsMapping) -> EthereumNetwork? {
    let kind = root.requiredChoice("network", of: EthereumNetwork.Kind.self)
    let profile = root.requiredChoice("profile", of: ProofProfile.self)
    let chainID = root.requiredInteger("chain_id", in: 1...Int.max)
    guard let kind, let profile else { return nil }
    return EthereumNetwork(chainID: UInt64(chainID), profile: profile, kind: kind)
  }

  private static func tokens(
    _ root: SettingsMapping, coin: Asset, finality: Int
  ) -> [ListedAsset] {
    var tokens: [ListedAsset] = []
    for mapping in root.list("tokens") {
      let symbol = mapping.text("symbol", hint: "what the token is called, such as USDC.")
      let contract = contract(mapping)
      let decimals = mapping.requiredInteger("decimals", in: 0...36)
      let start = mapping.integer("start_block", in: 0...Int(Int32.max), default: 0)
      let asset = Asset(symbol: symbol, decimals: UInt8(decimals), contract: contract)
      let token = listed(
        asset, mapping, startBlock: start, finality: finality, hasWork: false)
      mapping.finish()
      if !(1...20).contains(symbol.utf8.count), !symbol.isEmpty {
        mapping.note("symbol", "It must have 1 to 20 bytes.")
      }
      // Requests name an asset by its symbol, transfers by their contract: both must be one thing.
      if symbol == coin.symbol || tokens.contains(where: { $0.asset.symbol == symbol }) {
        mapping.note("symbol", "Another asset of the chain is called “\(symbol)”: rename one.")
      }
      guard let contract else { continue }
      if tokens.contains(where: { $0.asset.contract == contract }) {
        mapping.note("contract", "The contract stands here twice: remove one.")
      }
      tokens.append(token)
    }
    return tokens
  }

  /// A token's contract with its checksum, which finds a mistyped one; nil where wrong, with the
  /// mistake noted.
  private static func contract(_ mapping: SettingsMapping) -> Hash20? {
    let text = mapping.text("contract", hint: "the token's contract, 0x and 40 digits.")
    guard !text.isEmpty else { return nil }
    let mistake = "“\(text)” must be an address with its checksum (ERC-55), as explorers show it."
    guard let address = try? EthereumAddress(text), address.text == text else {
      mapping.note("contract", mistake)
      return nil
    }
    guard address.hash != Hash20() else {
      mapping.note("contract", "No token's contract stands at address 0.")
      return nil
    }
    return address.hash
  }

  /// A block hash as EVM chains write it; nil where absent or wrong, with the mistake noted.
  static func ethereumHash(_ mapping: SettingsMapping, _ name: String) -> Hash32? {
    guard let text = mapping.optionalText(name) else { return nil }
    guard text.hasPrefix("0x"), let hash = try? Hash32(hex: text.dropFirst(2)) else {
      mapping.note(
        name, "“\(text)” must be 0x and 64 hexadecimal digits, as explorers show a block's hash.")
      return nil
    }
    return hash
  }
}
