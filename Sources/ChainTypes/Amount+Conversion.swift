internal import Bytes

extension Amount {
  /// Why a price comes to no amount.
  package enum ConversionError: Error, Equatable {
    case zeroRate
    /// It has no room in 256 bits.
    case tooLarge
  }

  /// The least amount of `asset` that is worth this price: rounded up to the asset's minor unit.
  ///
  /// - Parameter rate: units of this amount's currency for a unit of `asset`
  package func converted(
    to asset: Asset, at rate: ExactDecimal
  ) throws(ConversionError) -> Amount {
    guard rate != .zero else { throw .zeroRate }
    // price / 10^currency's decimals / (digits / 10^scale) · 10^asset's decimals.
    let exponent = Int(asset.decimals) + rate.scale - Int(self.asset.decimals)
    do {
      let numerator = try minorUnits.multiplied(by: .powerOfTen(max(0, exponent)))
      let denominator = try rate.digits.multiplied(by: .powerOfTen(max(0, -exponent)))
      let (quotient, remainder) = try numerator.divided(by: denominator)
      let rounded = remainder == .zero ? quotient : try quotient.adding(.one)
      return Amount(minorUnits: rounded, asset: asset)
    } catch {
      throw .tooLarge
    }
  }
}
