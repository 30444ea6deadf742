internal import Bytes
internal import ChainTypes

// What a tenant's payments are subject to.
extension PaywatchConfiguration {
  static func policies(_ mapping: SettingsMapping, chains: [ChainSpec]) -> PolicySettings {
    let late = mapping.choice("late", default: PolicySettings.Late.hold)
    let short = mapping.choice("short", default: PolicySettings.Exception.hold)
    let over = mapping.choice("over", default: PolicySettings.Exception.hold)
    let assets = chains.flatMap { $0.assets.map(\.asset) }
    let refunds = refunds(mapping.nested("refunds"), assets)
    let tolerance = amounts(mapping.nested("tolerance"), assets)
    let zeroConf = amounts(
      mapping.nested("zero_conf_max"),
      chains.filter { $0.family.name == "bitcoin" }.map(\.asset),
      others: "Only Bitcoin's payments can count before they are in a block")
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
      late: late, short: short, over: over, refunds: refunds, tolerance: tolerance,
      zeroConfirmationMaximum: zeroConf,
      expiry: .init(
        defaultSeconds: Int64(fallback), minimumSeconds: Int64(minimum),
        maximumSeconds: Int64(maximum)),
      confirmations: confirmations.map(UInt32.init))
  }

  private static func refunds(
    _ mapping: SettingsMapping, _ assets: [Asset]
  ) -> PolicySettings.Refunds {
    defer { mapping.finish() }
    let approvals = mapping.integer("approvals", in: 0...10, default: 0)
    let approvers = approvers(mapping)
    if !approvers.isEmpty, approvals > approvers.count {
      mapping.note("approvals", "There are \(approvers.count) approvers: it can be no more.")
    }
    return PolicySettings.Refunds(
      approvals: approvals, approvers: approvers,
      fourEyesAbove: amounts(mapping.nested("four_eyes_above"), assets),
      addressCooldownSeconds: Int64(
        mapping.integer("address_cooldown_seconds", in: 0...31_536_000, default: 86_400)),
      requiresAttestation: mapping.optionalFlag("require_attestation") ?? false,
      feePayer: mapping.choice("fee_payer", default: PolicySettings.FeePayer.shop))
  }

  private static func approvers(_ mapping: SettingsMapping) -> [String: String] {
    var approvers: [String: String] = [:]
    for approver in mapping.list("approvers") {
      let name = approver.text("name", hint: "what the approver is called.")
      let text = approver.text("signer", hint: "the address whose key signs approvals.")
      approver.finish()
      if name.utf8.count > 100 || !name.isPlain {
        approver.note(
          "name", "It must have at most 100 bytes, and no control or invisible characters.")
      }
      guard let signer = SettingsMapping.address(text) else {
        if !text.isEmpty { approver.note("signer", "“\(text)” is no address.") }
        continue
      }
      // Two names of one key would be one person twice.
      if approvers[name] != nil || approvers.values.contains(signer) {
        approver.note("signer", "Each name and each signer stands here once.")
      }
      approvers[name] = signer
    }
    return approvers
  }

  /// Amounts by asset: `{BTC: 0.001}`. A symbol stands for every chain's asset that has it.
  private static func amounts(
    _ mapping: SettingsMapping, _ assets: [Asset],
    others refusal: String = "No configured chain has this asset"
  ) -> [Asset: Amount] {
    var amounts: [Asset: Amount] = [:]
    for name in mapping.names {
      let text = mapping.text(name, hint: "an amount.")
      let named = Set(assets.filter { $0.symbol == name })
      if named.isEmpty {
        let known = Set(assets.map(\.symbol)).sorted().joined(separator: ", ")
        mapping.note(name, "\(refusal); there are: \(known.isEmpty ? "none" : known).")
      }
      for asset in named {
        do {
          amounts[asset] = try Amount(units: text, asset: asset)
        } catch {
          mapping.note(name, ChainSpecFile.message(error, asset))
          break
        }
      }
    }
    return amounts
  }
}
