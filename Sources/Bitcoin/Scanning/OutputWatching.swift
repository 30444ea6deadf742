package import ChainTypes

/// Knows which outputs and which spends a scan looks for.
///
/// Answer from memory, without allocating but for what matches. A scan looks all outputs of a block
/// up while it walks it, so that one who holds many scripts can look for several at a time.
package protocol OutputWatching {
  /// Look-ups that have begun.
  associatedtype LookUps = [Int]

  /// Whether an output with this scriptPubKey matches.
  func watches(scriptPubKey: RawSpan) -> Bool

  func beginLookUps() -> LookUps

  /// Begins to look up those of `scripts`, parts of `bytes`, that stand from `first` on. What they
  /// wait for may come while the scan walks on.
  func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, of bytes: RawSpan, _ lookUps: inout LookUps)

  /// The places of those `scripts` which match, in ascending order.
  func finish(
    _ lookUps: inout LookUps, _ scripts: Span<Range<UInt32>>, of bytes: RawSpan
  ) -> [Int]

  /// Whether spending this outpoint matches. Only asked where `watchesInputs`, and never for a
  /// coinbase.
  func watches(spending outpoint: Outpoint) -> Bool

  /// Whether there is any outpoint to look for.
  var watchesInputs: Bool { get }
}

/// One after another, as they come.
extension OutputWatching where LookUps == [Int] {
  package func beginLookUps() -> [Int] { [] }

  package func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, of bytes: RawSpan, _ lookUps: inout [Int]
  ) {
    for place in first..<scripts.count {
      let script = scripts[place]
      let range = Int(script.lowerBound)..<Int(script.upperBound)
      if watches(scriptPubKey: bytes.extracting(range)) { lookUps.append(place) }
    }
  }

  package func finish(
    _ lookUps: inout [Int], _ scripts: Span<Range<UInt32>>, of bytes: RawSpan
  ) -> [Int] { lookUps }
}
