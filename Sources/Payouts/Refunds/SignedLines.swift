internal import Bytes
internal import ChainTypes

/// The form of what people sign: a title, and a line for each value, `name: value`.
struct SignedLines {
  let title: String
  let names: [String]

  static let maximumBytes = 1_000

  func text(_ values: [String]) -> String {
    ([title] + zip(names, values).map { "\($0): \($1)" }).joined(separator: "\n")
  }

  /// As many as there are names, none of them empty; nil for any other text. What makes sense of
  /// them writes them again and compares bytes: characters that look alike compare as equal.
  func values(in text: String) -> [String]? {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == names.count + 1, lines[0] == title[...] else { return nil }
    var values: [String] = []
    for (name, line) in zip(names, lines.dropFirst()) {
      guard line.hasPrefix(name + ": "), line.utf8.count > name.utf8.count + 2 else { return nil }
      values.append(String(line.dropFirst(name.count + 2)))
    }
    return values
  }

  /// An amount of an asset in its minor unit; nil where it is of another, or isn't written with
  /// just the asset's decimals.
  static func amount(_ units: String, _ symbol: String, of asset: Asset) -> UInt256? {
    guard asset.symbol == symbol, let amount = try? Amount(units: units, asset: asset),
      amount.units == units
    else { return nil }
    return amount.minorUnits
  }
}
