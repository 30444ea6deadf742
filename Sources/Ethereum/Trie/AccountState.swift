package import Addresses
package import Bytes
internal import Digests

/// What the state trie holds of an account (yellow paper, section 4.1).
package struct AccountState: Hashable, Sendable {
  package let nonce: UInt64
  /// Wei.
  package let balance: UInt256
  package let storageRoot: Hash32
  package let codeHash: Hash32

  /// The hash of no code: an account that only a key controls, or one nobody has used.
  package static let emptyCodeHash = Keccak256.hash([])

  /// An account that the state doesn't hold.
  package static let absent = AccountState(
    nonce: 0, balance: .zero, storageRoot: TrieRoot.empty, codeHash: emptyCodeHash)

  package init(nonce: UInt64, balance: UInt256, storageRoot: Hash32, codeHash: Hash32) {
    self.nonce = nonce
    self.balance = balance
    self.storageRoot = storageRoot
    self.codeHash = codeHash
  }

  /// From the value in the trie.
  package init(rlp bytes: [UInt8]) throws(RLPError) {
    var reader = try RLPReader(list: bytes.span.bytes)
    nonce = try reader.readUInt64()
    balance = try reader.readUInt256()
    storageRoot = try reader.readHash32()
    codeHash = try reader.readHash32()
    try reader.expectEnd()
  }

  package var rlp: [UInt8] {
    var writer = RLPWriter()
    let list = writer.openList()
    writer.append(nonce)
    writer.append(balance)
    writer.append(storageRoot)
    writer.append(codeHash)
    writer.closeList(list)
    return writer.bytes
  }

  /// The account at `address` in the state with that root; `absent` where the nodes prove that
  /// the state doesn't hold it.
  package static func verify(
    stateRoot: Hash32, address: EthereumAddress, proof: [[UInt8]]
  ) throws(TrieProofError) -> AccountState {
    let key = Keccak256.hash(address.hash.bytes).bytes
    guard let value = try TrieProof.verify(root: stateRoot, key: key, proof: proof) else {
      return .absent
    }
    do {
      return try AccountState(rlp: value)
    } catch {
      throw .encoding(node: proof.count - 1, error)
    }
  }

  /// The word in `slot` of a contract's storage, zero where the nodes prove that nothing is there.
  package static func verify(
    storageRoot: Hash32, slot: Hash32, proof: [[UInt8]]
  ) throws(TrieProofError) -> UInt256 {
    let key = Keccak256.hash(slot.bytes).bytes
    guard let value = try TrieProof.verify(root: storageRoot, key: key, proof: proof) else {
      return .zero
    }
    do {
      var reader = RLPReader(value.span.bytes)
      let word = try reader.readUInt256()
      try reader.expectEnd()
      return word
    } catch {
      throw .encoding(node: proof.count - 1, error)
    }
  }
}
