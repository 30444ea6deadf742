internal import Bytes
internal import ChainTypes

extension ChainSpecFile {
  /// What holds for an asset's amounts. For a chain's own coin it stands at the top of the file,
  /// for a token beside its contract.
  ///
  /// - Parameter hasWork: whether work can prove a block of the chain
  static func listed(
    _ asset: Asset, _ mapping: SettingsMapping, startBlock: Int = 0, finality: Int, hasWork: Bool
  ) -> ListedAsset {
    let dust = amount(mapping, "dust_limit", asset)
    let tiers = tiers(mapping, asset, finality: finality)
    let limits = mapping.nested("credit_limits")
    let creditLimits = CreditLimits(
      single: limit(limits, "single", asset), quorum: limit(limits, "quorum", asset),
      work: hasWork ? limit(limits, "work", asset) : .zero,
      workFrom: hasWork
        ? limits.optionalInteger("work_from", in: 0...Int(Int32.max)).map(UInt32.init) : nil)
    limits.finish()
    return ListedAsset(
      asset, startBlock: UInt32(startBlock), dustLimit: dust, confirmationTiers: tiers,
      creditLimits: creditLimits)
  }

  private static func tiers(
    _ list: SettingsMapping, _ asset: Asset, finality: Int
  ) -> [ChainSpec.ConfirmationTier] {
    var tiers: [ChainSpec.ConfirmationTier] = []
    for mapping in list.list("confirmations") {
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
      list.note("confirmations", "It is missing: a list of {from: amount, depth: number}.")
    } else if tiers.first?.from != .zero {
      list.note("confirmations", "The first tier must begin at 0.")
    }
    return tiers
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
}
