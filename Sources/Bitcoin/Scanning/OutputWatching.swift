package import ChainTypes

/// Knows which outputs and which spends a scan looks for.
///
/// Both questions are asked for every output and input of a block: answer from memory, without
/// allocating. A question is a call through the conformance (package generics aren't specialised
/// in other modules), a thousandth of what hashing the output's transaction costs.
package protocol OutputWatching {
  /// Whether an output with this scriptPubKey matches.
  func watches(scriptPubKey: RawSpan) -> Bool

  /// Whether spending this outpoint matches. Only asked where `watchesInputs`, and never for a
  /// coinbase.
  func watches(spending outpoint: Outpoint) -> Bool

  /// Whether there is any outpoint to look for.
  var watchesInputs: Bool { get }
}
