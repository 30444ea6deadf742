package import Bytes
internal import Digests

/// How a coinbase commits to the witnesses of its block (BIP-0141): an output whose scriptPubKey
/// begins with `OP_RETURN`, a push of 36 bytes and aa21a9ed, and then holds
/// SHA-256d(witness root ‖ reserved value). Where several outputs do, the last one counts.
///
/// The witness root is the merkle root over the wtxids, with zero in the coinbase's place; the
/// reserved value is the only item of the coinbase's witness stack, 32 bytes.
package enum WitnessCommitment {
  package static let prefix: [UInt8] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]

  /// Why a block's witnesses can't be believed. None of these says that a block of this hash is
  /// invalid: the hash doesn't commit to the witnesses that came along.
  package enum Failure: Error, Hashable, Sendable {
    /// Transactions have witnesses, but nothing commits to them.
    case missing
    /// The coinbase's witness stack isn't one item of 32 bytes.
    case reservedValue
    /// The commitment is that of other witnesses.
    case mismatch(committed: Hash32, computed: Hash32)
  }

  /// The commitment for a witness root.
  package static func hash(root: Hash32, reservedValue: Hash32 = .zero) -> Hash32 {
    SHA256d.hash(root, reservedValue)
  }

  /// The scriptPubKey that carries a commitment.
  package static func scriptPubKey(committingTo hash: Hash32) -> [UInt8] { prefix + hash.bytes }

  /// The hash that a scriptPubKey commits to, or nil where it isn't a commitment.
  package static func committedHash(in scriptPubKey: RawSpan) -> Hash32? {
    // 38 bytes are there, so 6 and then 32 of them can be read.
    guard scriptPubKey.byteCount >= 38,
      scriptPubKey.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)
        == UInt32(littleEndian: 0x21aa_246a),
      scriptPubKey.unsafeLoadUnaligned(fromUncheckedByteOffset: 4, as: UInt16.self)
        == UInt16(littleEndian: 0xeda9)
    else { return nil }
    return Hash32(bytes: scriptPubKey, at: 6)
  }

  /// The hash that a coinbase commits to, by its last output which does.
  package static func committedHash(in coinbase: Transaction) -> Hash32? {
    coinbase.outputs.reversed().lazy
      .compactMap { committedHash(in: $0.scriptPubKey.span.bytes) }.first
  }

  /// The merkle root over the block's wtxids, with zero in the coinbase's place.
  package static func root(of transactions: [Transaction]) -> Hash32 {
    let leaves = transactions.enumerated().map { $0 == 0 ? .zero : $1.wtxid }
    return MerkleTree.root(of: leaves).root
  }

  /// Checks the witnesses of a block's transactions, the coinbase first; where `segwit` doesn't
  /// hold yet, that there are none.
  package static func verify(
    _ transactions: [Transaction], segwit: Bool = true
  ) throws(Failure) {
    guard segwit, let coinbase = transactions.first,
      let committed = committedHash(in: coinbase)
    else {
      guard !transactions.contains(where: \.hasWitness) else { throw .missing }
      return
    }
    guard coinbase.inputs.count == 1, coinbase.inputs[0].witness.count == 1,
      let reservedValue = Hash32(coinbase.inputs[0].witness[0])
    else { throw .reservedValue }
    let computed = hash(root: root(of: transactions), reservedValue: reservedValue)
    guard computed == committed else {
      throw .mismatch(committed: committed, computed: computed)
    }
  }
}
