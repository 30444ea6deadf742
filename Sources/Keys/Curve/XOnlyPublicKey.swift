package import Addresses
package import Bytes
internal import CSecp256k1
internal import Digests

/// The x coordinate of a curve point, of whose two points the one with even y is meant (BIP-0340).
package struct XOnlyPublicKey: Sendable {
  let key: secp256k1_xonly_pubkey

  init(key: secp256k1_xonly_pubkey) { self.key = key }

  /// From 32 bytes, most significant first; nil where no point of the curve has that x.
  package init?(_ bytes: Hash32) {
    var key = secp256k1_xonly_pubkey()
    let isValid = bytes.withUnsafeBytes {
      secp256k1_xonly_pubkey_parse(Secp256k1.context, &key, $0.bytes(32)) == 1
    }
    guard isValid else { return nil }
    self.key = key
  }

  /// Whether a curve point has this x. Money sent to a P2TR output of another can never be spent.
  package static func isValid(_ bytes: Hash32) -> Bool { XOnlyPublicKey(bytes) != nil }

  package var bytes: Hash32 {
    var copy = key
    var bytes = Hash32()
    withUnsafeMutableBytes(of: &bytes) {
      _ = secp256k1_xonly_pubkey_serialize(Secp256k1.context, $0.bytes(32), &copy)
    }
    return bytes
  }

  /// The output key for this internal key (BIP-0341): Q = P + H_TapTweak(P ‖ merkle root)·G.
  ///
  /// `merkleRoot` of the script tree; none for key-path spending alone (BIP-0086). Nil where the
  /// tweak isn't below the group's order or the sum is infinity: the internal key is unusable, and
  /// nobody has ever met one.
  package func tapTweaked(merkleRoot: Hash32? = nil) -> XOnlyPublicKey? {
    adding(tweak: tapTweak(merkleRoot: merkleRoot))
  }

  /// H_TapTweak(P ‖ merkle root).
  func tapTweak(merkleRoot: Hash32?) -> Hash32 {
    Self.tapTweak(of: bytes, merkleRoot: merkleRoot)
  }

  /// The same of a key's x.
  static func tapTweak(of bytes: Hash32, merkleRoot: Hash32?) -> Hash32 {
    var hasher = TaggedHash.tapTweak.hasher()
    hasher.update(bytes)
    if let merkleRoot { hasher.update(merkleRoot) }
    return hasher.finalize()
  }

  func adding(tweak: Hash32) -> XOnlyPublicKey? {
    var internalKey = key
    var sum = secp256k1_pubkey()
    let isValid = tweak.withUnsafeBytes {
      secp256k1_xonly_pubkey_tweak_add(Secp256k1.context, &sum, &internalKey, $0.bytes(32)) == 1
    }
    return isValid ? PublicKey(point: sum).xOnly : nil
  }
}

extension XOnlyPublicKey: Hashable {
  package static func == (a: XOnlyPublicKey, b: XOnlyPublicKey) -> Bool { a.bytes == b.bytes }

  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension XOnlyPublicKey: CustomStringConvertible {
  package var description: String { bytes.hex }
}

extension OutputScript {
  /// False for a P2TR output whose key no curve point has: nobody can spend what is sent there.
  /// True for everything else, whose hashes say nothing.
  package var hasSpendableKey: Bool {
    guard case .p2tr(let key) = self else { return true }
    return XOnlyPublicKey.isValid(key)
  }
}
