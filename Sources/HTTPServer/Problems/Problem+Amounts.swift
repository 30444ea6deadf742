package import Bytes
package import ChainTypes

extension Problem {
  /// An amount in units of the asset, as the field has it, in minor units.
  package static func minorUnits(
    _ field: String, _ text: String, of asset: Asset
  ) throws(Problem) -> UInt256 {
    do {
      return try Amount(units: text, asset: asset).minorUnits
    } catch .tooManyDecimals(_, let allowed) {
      throw .invalidField(field, "It may have at most \(allowed) decimals.")
    } catch .tooLarge {
      throw .invalidField(field, "It is too large.")
    } catch {
      throw .invalidField(field, "It must be a decimal text in \(asset), such as \"0.0015\".")
    }
  }
}
