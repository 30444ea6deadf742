import Bytes
import Digests
import Testing

@testable import Bitcoin

@Suite("Merkle trees")
struct MerkleTests {
  private static func leaves(_ count: Int) -> [Hash32] {
    (0..<count).map { SHA256.hash([UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)]) }
  }

  private static func accumulated(_ leaves: [Hash32]) -> (root: Hash32, mutated: Bool) {
    var accumulator = MerkleAccumulator()
    for leaf in leaves { accumulator.append(leaf) }
    return accumulator.finalize()
  }

  @Test("leaf by leaf or level by level, the root is the same")
  func accumulator() {
    for count in Array(0...70) + [127, 128, 129, 1000] {
      let leaves = Self.leaves(count)
      #expect(Self.accumulated(leaves) == MerkleTree.root(of: leaves))
      #expect(!MerkleTree.root(of: leaves).mutated)
    }
  }

  @Test("the branches of tracked leaves grow with the tree, whichever are tracked")
  func trackedBranches() {
    var generator = SplitMix64(seed: 3)
    for count in Array(1...70) + [127, 128, 129, 1000] {
      let leaves = Self.leaves(count)
      for oneOf in [1, 3, 20] {
        let places = leaves.indices.filter { _ in Int.random(in: 0..<oneOf, using: &generator) == 0
        }
        var accumulator = MerkleAccumulator()
        for (place, leaf) in leaves.enumerated() {
          accumulator.append(leaf, isTracked: places.contains(place))
        }
        #expect(accumulator.finalize() == MerkleTree.root(of: leaves))
        #expect(
          accumulator.trackedBranches == places.map { MerkleBranch(of: leaves, at: $0) })
        #expect(accumulator.firstBranch == MerkleBranch(of: leaves, at: 0))
      }
    }
  }

  @Test("block 482683's txids lead to its merkle root")
  func realRoot() throws {
    let block = try Block(bytes: RealBlock.segwit.bytes())
    #expect(MerkleTree.root(of: block.transactions.map(\.txid)).root == block.header.merkleRoot)
  }

  @Test("a list that repeats its tail has the same root and is called mutated")
  func mutation() {
    var seen = 0
    for count in 1...40 {
      let leaves = Self.leaves(count)
      for repeated in [1, 2, 4, 8, 16] where repeated < count {
        let longer = leaves + leaves.suffix(repeated)
        let (root, mutated) = MerkleTree.root(of: longer)
        #expect(Self.accumulated(longer) == (root, mutated))
        guard root == MerkleTree.root(of: leaves).root else { continue }
        #expect(mutated)
        seen += 1
      }
    }
    #expect(seen >= 30)
  }

  @Test("equal neighbours anywhere are called mutated")
  func equalNeighbours() {
    for position in [0, 2, 6] {
      var leaves = Self.leaves(9)
      leaves[position + 1] = leaves[position]
      #expect(MerkleTree.root(of: leaves).mutated)
      #expect(Self.accumulated(leaves) == MerkleTree.root(of: leaves))
    }
  }

  @Test("every leaf's branch leads to the root, and no other place or leaf does")
  func branches() throws {
    for count in 1...20 {
      let leaves = Self.leaves(count)
      let root = MerkleTree.root(of: leaves).root
      for position in leaves.indices {
        let branch = try #require(MerkleBranch(of: leaves, at: position))
        #expect(branch.root(from: leaves[position]) == root)
        #expect(branch.root(from: Hash32.zero) != root)
        let beyond = MerkleBranch(
          position: branch.position + 1 << UInt32(branch.siblings.count),
          siblings: branch.siblings)
        #expect(beyond.root(from: leaves[position]) == nil)
      }
      #expect(MerkleBranch(of: leaves, at: count) == nil)
      #expect(MerkleBranch(of: leaves, at: -1) == nil)
    }
  }

  @Test("the copy of a last leaf can't be proved")
  func copiedLeaf() throws {
    let leaves = Self.leaves(3)
    let branch = try #require(MerkleBranch(of: leaves, at: 2))
    let copy = MerkleBranch(position: 3, siblings: branch.siblings)
    #expect(branch.root(from: leaves[2]) != nil)
    #expect(copy.root(from: leaves[2]) == nil)
  }

  @Test("a branch deeper than any block is refused")
  func depth() {
    let branch = MerkleBranch(position: 0, siblings: Self.leaves(18))
    #expect(branch.root(from: .zero) == nil)
  }
}

@Suite("Transaction proofs")
struct TransactionProofTests {
  @Test("every transaction of a real block is proved under its header, with or without coinbase")
  func real() throws {
    let block = try Block(bytes: RealBlock.segwit.bytes())
    for index in block.transactions.indices {
      for withCoinbase in [false, true] {
        let proof = try #require(
          TransactionProof(of: block, at: index, withCoinbase: withCoinbase))
        #expect(
          try proof.verify(root: block.header.merkleRoot) == block.transactions[index].txid)
      }
    }
    #expect(TransactionProof(of: block, at: 12) == nil)
  }

  /// 64 bytes without witness: four of them are the output's script.
  private static func transactionOf64Bytes(scriptPubKey: [UInt8]) -> Transaction {
    Transaction(
      inputs: [TransactionInput(outpoint: TestBlocks.outpoint(1))],
      outputs: [TransactionOutput(value: 1000, scriptPubKey: scriptPubKey)])
  }

  @Test("a 64-byte transaction's proof is refused unless the coinbase shows the tree's depth")
  func shortTransaction() throws {
    let short = Self.transactionOf64Bytes(scriptPubKey: [1, 2, 3, 4])
    #expect(short.strippedBytes.count == 64)
    let block = TestBlocks.block([TestBlocks.coinbase(), TestBlocks.payment(2), short])
    let root = block.header.merkleRoot
    let alone = try #require(TransactionProof(of: block, at: 2))
    #expect(throws: TransactionProof.Failure.ambiguous) { try alone.verify(root: root) }
    let full = try #require(TransactionProof(of: block, at: 2, withCoinbase: true))
    #expect(try full.verify(root: root) == short.txid)
  }

  @Test("a payment hidden in a mined 64-byte transaction is no proof, one level too deep")
  func hiddenPayment() throws {
    //        root                 root
    //       /    \       is       /    \
    //  coinbase  short       coinbase  short = left half ‖ txid of the fake payment
    //                                         /       \
    //                                   (32 bytes)   fake
    // A real attacker grinds the fake's txid until 64 bytes around it are a transaction; here the
    // halves are taken from one, so that the fake is known by its hash alone.
    let short = Self.transactionOf64Bytes(scriptPubKey: [1, 2, 3, 4])
    let block = TestBlocks.block([TestBlocks.coinbase(), short])
    let bytes = short.strippedBytes
    let left = try #require(Hash32(Array(bytes.prefix(32))))
    let fake = try #require(Hash32(Array(bytes.suffix(32))))
    let branch = MerkleBranch(
      position: 3, siblings: [left, block.transactions[0].txid])
    let path = try #require(branch.path(from: fake))
    #expect(path.root == block.header.merkleRoot)
    #expect(path.pairs.map(TransactionProof.readsAsTransaction) == [true, false])
    let payment = TestBlocks.payment(2).strippedBytes
    #expect(TransactionProof.isAmbiguous(payment, path: path.pairs))
    #expect(!TransactionProof.isAmbiguous(payment, path: Array(path.pairs.dropFirst())))
    #expect(TransactionProof.isAmbiguous(bytes, path: Array(path.pairs.dropFirst())))
  }

  @Test("a proof whose coinbase is less deep than its transaction is refused")
  func coinbaseDepth() throws {
    let block = TestBlocks.block([TestBlocks.coinbase(), TestBlocks.payment(2)])
    let honest = try #require(TransactionProof(of: block, at: 1, withCoinbase: true))
    let coinbase = try #require(honest.coinbase)
    // A fifth transaction's proof in a taller tree, with the coinbase of the lower one.
    let tall = TestBlocks.block(payments: 3)
    let deep = try #require(TransactionProof(of: tall, at: 3))
    let mixed = TransactionProof(
      transaction: deep.transaction, branch: deep.branch, coinbase: coinbase)
    #expect(throws: TransactionProof.Failure.coinbaseDepth(1, expected: 2)) {
      try mixed.verify(root: tall.header.merkleRoot)
    }
  }

  @Test("a proof fails for another root, with a witness, or with a coinbase that is none")
  func refused() throws {
    let block = TestBlocks.block(payments: 3, witnesses: true)
    let root = block.header.merkleRoot
    let proof = try #require(TransactionProof(of: block, at: 2, withCoinbase: true))
    #expect(throws: TransactionProof.Failure.root(expected: .zero, found: root)) {
      try proof.verify(root: .zero)
    }
    let withWitness = TransactionProof(
      transaction: block.transactions[2].bytes, branch: proof.branch)
    #expect(throws: TransactionProof.Failure.notStripped) { try withWitness.verify(root: root) }
    let other = TransactionProof(
      transaction: proof.transaction, branch: proof.branch,
      coinbase: .init(transaction: proof.transaction, siblings: proof.branch.siblings))
    #expect(
      throws: TransactionProof.Failure.notACoinbase(txid: block.transactions[2].txid)
    ) {
      try other.verify(root: root)
    }
    let cut = TransactionProof(
      transaction: Array(proof.transaction.dropLast()), branch: proof.branch)
    #expect(throws: TransactionProof.Failure.self) { try cut.verify(root: root) }
  }
}
