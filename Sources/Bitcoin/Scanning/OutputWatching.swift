package import ChainTypes

/// Knows which outputs and which spends a scan looks for.
///
/// Answer from memory, without allocating but for what matches.
package protocol OutputWatching {
  associatedtype Scripts: ScriptSet

  /// The scriptPubKeys of outputs that match.
  var scripts: Scripts { get }

  /// Whether spending this outpoint matches. Only asked where `watchesInputs`, and never for a
  /// coinbase.
  func watches(spending outpoint: Outpoint) -> Bool

  /// Whether there is any outpoint to look for.
  var watchesInputs: Bool { get }
}
