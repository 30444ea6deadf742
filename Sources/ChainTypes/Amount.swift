package import Bytes

/// An exact amount of an asset in its minor unit (satoshi, wei, a token's smallest unit).
package struct Amount: Hashable, Sendable, CustomStringConvertible {
  package let asset: Asset
  package let minorUnits: UInt256

  /// Why a text isn't an amount.
  package enum ParsingError: Error, Equatable {
    case malformed(String)
    case tooManyDecimals(String, allowed: UInt8)
    case tooLarge(String)
  }

  package init(minorUnits: UInt256, asset: Asset) {
    self.minorUnits = minorUnits
    self.asset = asset
  }

  /// From a decimal text in units, such as `0.00012` BTC: digits, and at most one point with
  /// digits on both sides of it. No sign, exponent, separator or white space.
  package init(units text: some StringProtocol, asset: Asset) throws(ParsingError) {
    guard text.utf8.count <= 120 else { throw .tooLarge(String(text.prefix(120))) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
      throw .malformed(String(text))
    }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard fraction.utf8.count <= Int(asset.decimals) else {
      throw .tooManyDecimals(String(text), allowed: asset.decimals)
    }
    let padding = String(repeating: "0", count: Int(asset.decimals) - fraction.utf8.count)
    let digits = (String(parts[0]) + fraction + padding).drop { $0 == "0" }
    do {
      minorUnits = try UInt256(decimal: digits.isEmpty ? "0" : String(digits))
    } catch .tooLarge {
      throw .tooLarge(String(text))
    } catch {
      throw .malformed(String(text))
    }
    self.asset = asset
  }

  /// Decimal text in units, with all of the asset's decimals: `0.00012000`.
  package var units: String {
    let digits = minorUnits.decimal
    let decimals = Int(asset.decimals)
    guard decimals > 0 else { return digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  package var description: String { "\(units) \(asset.symbol)" }
}
