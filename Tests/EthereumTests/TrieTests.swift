import Addresses
import Bytes
import Digests
import Ethereum
import Testing

@Suite("Merkle-Patricia tries")
struct TrieTests {
  private static func key(_ index: Int) -> [UInt8] {
    var writer = RLPWriter()
    writer.append(UInt64(index))
    return writer.bytes
  }

  private static func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in .random(in: 0...255, using: &random) }
  }

  @Test("a list's root is that of the textbook's trie, whatever its length and its items' sizes")
  func listRoots() {
    var random = SplitMix64(seed: 4)
    let counts = Array(0...20) + [127, 128, 129, 130, 255, 256, 257, 400]
    for count in counts {
      for maximum in [1, 28, 600] {
        let items = (0..<count).map { _ in
          Self.bytes(.random(in: 1...maximum, using: &random), &random)
        }
        let oracle = TextbookTrie(items.enumerated().map { (Self.key($0.offset), $0.element) })
        #expect(TrieRoot.root(of: items) == oracle.root, "\(count) items up to \(maximum) bytes")
      }
    }
  }

  @Test("an empty list has the empty trie's root")
  func emptyRoot() {
    #expect(
      TrieRoot.empty.hex == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
    #expect(TrieRoot.root(of: []) == TrieRoot.empty)
    #expect(TextbookTrie().root == TrieRoot.empty)
  }

  @Test("a list of more than 65,536 items has a root that each of them changes")
  func longList() {
    let items = (0..<66_000).map { index in Self.key(index) + [UInt8](repeating: 7, count: 30) }
    let root = TrieRoot.root(of: items)
    #expect(root != TrieRoot.root(of: items.dropLast()))
    var swapped = items
    swapped.swapAt(255, 65_999)
    #expect(root != TrieRoot.root(of: swapped))
  }

  @Test("a proof gives the value that is there, and proves that none is where none is")
  func proofs() throws {
    var random = SplitMix64(seed: 5)
    for count in [1, 2, 3, 10, 150] {
      for maximum in [2, 60] {
        let pairs = (0..<count).map { index in
          (
            Keccak256.hash(Self.key(index)).bytes,
            Self.bytes(.random(in: 1...maximum, using: &random), &random)
          )
        }
        let trie = TextbookTrie(pairs)
        for (key, value) in pairs.prefix(15) {
          let proof = trie.proof(of: key)
          #expect(try TrieProof.verify(root: trie.root, key: key, proof: proof) == value)
        }
        for index in count..<count + 15 {
          let key = Keccak256.hash(Self.key(index)).bytes
          let proof = trie.proof(of: key)
          #expect(try TrieProof.verify(root: trie.root, key: key, proof: proof) == nil)
        }
      }
    }
  }

  @Test("short keys make embedded nodes and branch values, which proofs go through")
  func embeddedNodes() throws {
    var random = SplitMix64(seed: 6)
    for _ in 0..<200 {
      var trie = TextbookTrie()
      var pairs: [[UInt8]: [UInt8]] = [:]
      for _ in 0..<Int.random(in: 1...12, using: &random) {
        let key = Self.bytes(.random(in: 1...3, using: &random), &random).map { $0 & 0x33 }
        pairs[key] = Self.bytes(.random(in: 1...4, using: &random), &random)
        trie.insert(pairs[key] ?? [], under: key)
      }
      for (key, value) in pairs {
        let proof = trie.proof(of: key)
        #expect(try TrieProof.verify(root: trie.root, key: key, proof: proof) == value)
      }
    }
  }

  @Test("no changed, missing or added node proves anything")
  func brokenProofs() throws {
    var random = SplitMix64(seed: 7)
    let pairs = (0..<200).map {
      (Keccak256.hash(Self.key($0)).bytes, Self.bytes(70, &random))
    }
    let trie = TextbookTrie(pairs)
    let (key, value) = pairs[17]
    let proof = trie.proof(of: key)
    #expect(try TrieProof.verify(root: trie.root, key: key, proof: proof) == value)
    func refuses(_ proof: [[UInt8]], _ comment: Comment) {
      #expect(throws: TrieProofError.self, comment) {
        try TrieProof.verify(root: trie.root, key: key, proof: proof)
      }
    }
    refuses([], "no nodes")
    refuses(proof.dropLast(), "the leaf is missing")
    refuses(Array(proof.dropFirst()), "the root is missing")
    refuses(proof + [proof[0]], "a node too many")
    for node in proof.indices {
      for _ in 0..<50 {
        var changed = proof
        let position = Int.random(in: changed[node].indices, using: &random)
        changed[node][position] ^= UInt8.random(in: 1...255, using: &random)
        refuses(changed, "a changed byte")
      }
    }
  }

  @Test("a path in loose hex-prefix form is refused, though its hash fits")
  func looseHexPrefix() {
    let key: [UInt8] = [0x12, 0x34]
    func proves(_ path: [UInt8]) -> Bool {
      let leaf = RLPValue.list([.string(path), .string([1, 2, 3])]).encoded
      let root = Keccak256.hash(leaf)
      return (try? TrieProof.verify(root: root, key: key, proof: [leaf])) == [1, 2, 3]
    }
    #expect(proves([0x20, 0x12, 0x34]))
    for flags in UInt8.min...UInt8.max where flags != 0x20 {
      #expect(!proves([flags, 0x12, 0x34]), "\(flags)")
    }
    #expect(!proves([]))
    #expect(!proves([0x20, 0x12]))
  }

  @Test("a node that no trie has is refused, though its hash fits")
  func impossibleNodes() {
    let empty = RLPValue.string([])
    let one = RLPValue.string([UInt8](repeating: 1, count: 32))
    let nodes: [(Comment, RLPValue)] = [
      ("a branch without children", .list(.init(repeating: empty, count: 17))),
      ("a branch of one child", .list([one] + .init(repeating: empty, count: 16))),
      ("18 items", .list(.init(repeating: one, count: 18))),
      ("three items", .list([empty, one, one])),
      ("a string", .string([1, 2, 3])),
      ("an extension without a path", .list([.string([0x00]), one])),
      ("an extension to nothing", .list([.string([0x11]), empty])),
      ("a child of 31 bytes", .list([.string([0x11]), .string(.init(repeating: 1, count: 31))])),
      ("a leaf without a value", .list([.string([0x20, 0x12]), empty])),
      (
        "an embedded child of 32 bytes",
        .list([.string([0x11]), .list([.string(.init(repeating: 1, count: 30))])])
      ),
    ]
    for (comment, node) in nodes {
      let encoded = node.encoded
      #expect(throws: TrieProofError.self, comment) {
        try TrieProof.verify(root: Keccak256.hash(encoded), key: [0x12], proof: [encoded])
      }
    }
  }

  @Test("an account and a storage word are proved, and so is their absence")
  func accounts() throws {
    let address = try EthereumAddress("0xdAC17F958D2ee523a2206206994597C13D831ec7")
    let other = try EthereumAddress("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
    let state = AccountState(
      nonce: 1, balance: UInt256(77), storageRoot: TrieRoot.empty,
      codeHash: AccountState.emptyCodeHash)
    let trie = TextbookTrie([(Keccak256.hash(address.hash.bytes).bytes, state.rlp)])
    func account(_ address: EthereumAddress) throws -> AccountState {
      let proof = trie.proof(of: Keccak256.hash(address.hash.bytes).bytes)
      return try AccountState.verify(stateRoot: trie.root, address: address, proof: proof)
    }
    #expect(try account(address) == state)
    #expect(try account(other) == .absent)
    for proof in [[], [[0x80]]] as [[[UInt8]]] {
      let absent = try AccountState.verify(
        stateRoot: TrieRoot.empty, address: other, proof: proof)
      #expect(absent == .absent)
    }

    let slot = Hash32([UInt8](repeating: 0, count: 31) + [2]) ?? .zero
    var word = RLPWriter()
    word.append(UInt256(123_456))
    let storage = TextbookTrie([(Keccak256.hash(slot.bytes).bytes, word.bytes)])
    let proof = storage.proof(of: Keccak256.hash(slot.bytes).bytes)
    let value = try AccountState.verify(storageRoot: storage.root, slot: slot, proof: proof)
    #expect(value == UInt256(123_456))
    let none = try AccountState.verify(storageRoot: storage.root, slot: .zero, proof: proof)
    #expect(none == .zero)
  }
}
