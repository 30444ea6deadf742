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
    if let small = Self.small(text, decimals: Int(asset.decimals)) {
      minorUnits = UInt256(small)
      self.asset = asset
      return
    }
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

  /// The minor units where the text, with all of the asset's decimals, has at most 18 digits, as
  /// nearly all have; nil for every other, whether it is an amount or not.
  private static func small(_ text: some StringProtocol, decimals: Int) -> UInt64? {
    var value: UInt64 = 0
    var digits = 0
    /// How many of them stand behind the point; nil before it.
    var fraction: Int?
    for byte in text.utf8 {
      if byte == UInt8(ascii: "."), fraction == nil, digits > 0 {
        fraction = 0
        continue
      }
      guard byte >= 0x30, byte <= 0x39, digits < 18 else { return nil }
      value = value * 10 + UInt64(byte - 0x30)
      digits += 1
      if let behind = fraction { fraction = behind + 1 }
    }
    let missing = decimals - (fraction ?? 0)
    guard digits > 0, fraction != 0, missing >= 0, digits + missing <= 18 else { return nil }
    for _ in 0..<missing { value *= 10 }
    return value
  }

  /// Decimal text in units, with all of the asset's decimals: `0.00012000`.
  package var units: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(24)
    appendUnits(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the ASCII bytes of `units`.
  package func appendUnits(to bytes: inout [UInt8]) {
    let start = bytes.count
    minorUnits.appendDecimal(to: &bytes)
    let decimals = Int(asset.decimals)
    guard decimals > 0 else { return }
    let missing = decimals + 1 - (bytes.count - start)
    if missing > 0 { bytes.insert(contentsOf: repeatElement(0x30, count: missing), at: start) }
    bytes.insert(UInt8(ascii: "."), at: bytes.count - decimals)
  }

  package var description: String { "\(units) \(asset.symbol)" }
}
