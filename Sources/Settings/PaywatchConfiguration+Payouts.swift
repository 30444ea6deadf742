internal import Bytes
internal import ChainTypes

// What outgoing transactions may cost.
extension PaywatchConfiguration {
  static func payouts(_ mapping: SettingsMapping, of family: ChainSpec.Family) -> PayoutSettings {
    defer { mapping.finish() }
    switch family {
    case .bitcoin: return .bitcoin(bitcoinPayouts(mapping))
    case .ethereum: return .ethereum(ethereumPayouts(mapping))
    }
  }

  private static func bitcoinPayouts(_ mapping: SettingsMapping) -> BitcoinPayoutSettings {
    let rate = mapping.nested("fee_rate")
    // From what Bitcoin Core relays at least, 0.1 sat/vB.
    func satoshiPerKvB(_ name: String, _ fallback: UInt64) -> UInt64 {
      rate.decimal(name, decimals: 3, in: 100...10_000_000, default: fallback)
    }
    let minimum = satoshiPerKvB("minimum", 1_000)
    let maximum = satoshiPerKvB("maximum", max(500_000, minimum))
    let fallback = satoshiPerKvB("fallback", min(max(10_000, minimum), maximum))
    if !(minimum <= fallback && fallback <= maximum) {
      rate.note("fallback", "It must lie from minimum to maximum.")
    }
    rate.finish()
    return BitcoinPayoutSettings(
      minimumSatoshiPerKvB: minimum, maximumSatoshiPerKvB: maximum,
      fallbackSatoshiPerKvB: fallback,
      // As far as nodes estimate.
      targetBlocks: mapping.integer("target_blocks", in: 1...1_008, default: 6),
      sweepShareBasisPoints: sweepShare(mapping))
  }

  private static func sweepShare(_ mapping: SettingsMapping) -> UInt64 {
    mapping.decimal("sweep_share", decimals: 4, in: 1...10_000, default: 500)
  }

  private static func ethereumPayouts(_ mapping: SettingsMapping) -> EthereumPayoutSettings {
    let gas = mapping.nested("gas")
    func wei(_ name: String, _ fallback: UInt64) -> UInt64 {
      gas.decimal(name, decimals: 9, in: 1...1_000_000_000_000_000, default: fallback)
    }
    let maximum = wei("maximum_fee_gwei", 500_000_000_000)
    let priority = wei("minimum_priority_gwei", min(100_000_000, maximum))
    if priority > maximum {
      gas.note("minimum_priority_gwei", "It must be at most maximum_fee_gwei.")
    }
    gas.finish()
    return EthereumPayoutSettings(
      maximumFeePerGas: UInt256(maximum), minimumPriorityFeePerGas: UInt256(priority),
      sweepShareBasisPoints: sweepShare(mapping))
  }
}

extension SettingsMapping {
  /// A decimal number times ten to the power of `decimals`, from `range`; `fallback` where it is
  /// absent or wrong.
  fileprivate func decimal(
    _ name: String, decimals: UInt8, in range: ClosedRange<UInt64>, default fallback: UInt64
  ) -> UInt64 {
    guard let text = optionalText(name) else { return fallback }
    let unit = Asset(symbol: name, decimals: decimals)
    func words(_ value: UInt64) -> String {
      // Without the zeros that say nothing.
      let units = Amount(minorUnits: UInt256(value), asset: unit).units.reversed()
      return String(String(units.drop { $0 == "0" }.drop { $0 == "." }).reversed())
    }
    guard let amount = try? Amount(units: text, asset: unit),
      let value = amount.minorUnits.asUInt64, range.contains(value)
    else {
      note(
        name,
        "“\(text)” must be a number from \(words(range.lowerBound)) to "
          + "\(words(range.upperBound)), with at most \(decimals) decimals.")
      return fallback
    }
    return value
  }
}
