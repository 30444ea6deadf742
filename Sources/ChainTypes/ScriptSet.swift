/// Scripts that others are looked up in, many at a time.
///
/// A block's walk hands in the scripts that it comes by, so that a large set waits for memory while
/// the walk goes on. `scripts` are always all those so far, as parts of the same `bytes`.
package protocol ScriptSet {
  /// Look-ups that have begun, of one walk.
  associatedtype LookUps = [Int]

  func contains(_ script: RawSpan) -> Bool

  func beginLookUps() -> LookUps

  /// Begins to look up those of `scripts` that stand from `first` on: behind those of the call
  /// before.
  func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, in bytes: RawSpan, _ lookUps: inout LookUps)

  /// The places of those `scripts` that the set has, in ascending order. Ends the look-ups.
  func places(
    _ scripts: Span<Range<UInt32>>, in bytes: RawSpan, _ lookUps: inout LookUps
  ) -> [Int]
}

/// One after another, as they come.
extension ScriptSet where LookUps == [Int] {
  package func beginLookUps() -> [Int] { [] }

  package func lookUp(
    _ scripts: Span<Range<UInt32>>, from first: Int, in bytes: RawSpan, _ lookUps: inout [Int]
  ) {
    for place in first..<scripts.count {
      let script = scripts[place]
      let range = Int(script.lowerBound)..<Int(script.upperBound)
      if contains(bytes.extracting(range)) { lookUps.append(place) }
    }
  }

  package func places(
    _ scripts: Span<Range<UInt32>>, in bytes: RawSpan, _ lookUps: inout [Int]
  ) -> [Int] { lookUps }
}
