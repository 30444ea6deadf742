package import Bytes

/// SHA-256 in a domain of its own (BIP-0340): SHA256(SHA256(tag) ‖ SHA256(tag) ‖ message).
///
/// The state after the two tag hashes, exactly one block, is kept.
package struct TaggedHash: Sendable {
  private let prefix: SHA256

  package init(tag: StaticString) {
    let tagHash = tag.withUTF8Buffer { SHA256.hash(Array($0)) }
    var prefix = SHA256()
    prefix.update(tagHash)
    prefix.update(tagHash)
    self.prefix = prefix
  }

  /// A hasher that has already taken in the tag.
  package func hasher() -> SHA256 { prefix }

  package func hash(_ message: RawSpan) -> Hash32 {
    var hasher = prefix
    hasher.update(message)
    return hasher.finalize()
  }

  package func hash(_ message: [UInt8]) -> Hash32 { hash(message.span.bytes) }

  /// The tweak of a taproot output key (BIP-0341).
  package static let tapTweak = TaggedHash(tag: "TapTweak")
}
