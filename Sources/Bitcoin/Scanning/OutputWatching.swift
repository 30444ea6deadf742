package import ChainTypes

/// Knows which outputs and which spends a scan looks for.
///
/// Answer from memory, without allocating but for what matches. A scan asks for all outputs of a
/// block at once, so that one who holds many scripts can look for several at a time.
package protocol OutputWatching {
  /// Whether an output with this scriptPubKey matches.
  func watches(scriptPubKey: RawSpan) -> Bool

  /// The places of those `scripts`, parts of `bytes`, which match, in ascending order.
  func watched(_ scripts: Span<Range<UInt32>>, of bytes: RawSpan) -> [Int]

  /// Whether spending this outpoint matches. Only asked where `watchesInputs`, and never for a
  /// coinbase.
  func watches(spending outpoint: Outpoint) -> Bool

  /// Whether there is any outpoint to look for.
  var watchesInputs: Bool { get }
}

extension OutputWatching {
  package func watched(_ scripts: Span<Range<UInt32>>, of bytes: RawSpan) -> [Int] {
    scripts.indices.filter { place in
      let script = scripts[place]
      return watches(
        scriptPubKey: bytes.extracting(Int(script.lowerBound)..<Int(script.upperBound)))
    }
  }
}
