package import Bytes
internal import Digests

/// The root of the Merkle-Patricia trie that a block header commits to a list with: the list's
/// items under the keys rlp(0), rlp(1), … (yellow paper, section 4.3.2 and appendix D).
package enum TrieRoot {
  /// The root of a trie without keys: the hash of the empty string's encoding.
  package static let empty = Keccak256.hash([0x80])

  package static func root(of items: TrieItems) -> Hash32 { IndexTrie(items).root }

  package static func root(of items: [[UInt8]]) -> Hash32 { root(of: TrieItems(items)) }
}
