package import Bytes
package import ChainTypes
internal import Digests

/// Checks a block while a scan walks over it: what needs the header at the start, the hashes
/// transaction by transaction, and at the end what needs them all.
package struct BlockVerifier {
  private let header: BlockHeader
  private let hash: Hash32
  private let byteCount: Int
  private let verification: BlockVerification

  private var transactionCount = 0
  private var transactionWeight = 0
  private var misplacedCoinbase: Int?
  private var hasWitness = false
  private var txids = MerkleAccumulator()
  private var wtxids = MerkleAccumulator()
  private var commitment = Commitment.none
  private var first: TransactionShape?

  private enum Commitment {
    case none
    case withoutReservedValue
    case made(Hash32, reservedValue: Hash32)
  }

  /// Checks the header by itself, and the number of bytes.
  package init(
    _ block: RawSpan, expecting expected: Hash32?, network: BitcoinNetwork,
    verification: BlockVerification
  ) throws(BlockError) {
    do {
      var reader = WireReader(block)
      header = try BlockHeader(reading: &reader)
    } catch {
      throw .decoding(error)
    }
    hash = SHA256d.hash(block.extracting(0..<BlockHeader.byteCount))
    byteCount = block.byteCount
    self.verification = verification
    if let expected, expected != hash { throw .headerHash(expected: expected, found: hash) }
    do {
      try ProofOfWork.check(hash: hash, bits: header.bits, network: network)
    } catch {
      throw .proofOfWork(error)
    }
    guard byteCount <= TransactionLimits.maximumWeight else {
      throw .tooHeavy(weight: byteCount)
    }
  }

  /// Takes in what a walk over all transactions has seen; before any of them is hashed.
  mutating func begin(_ walk: TransactionWalk, in block: RawSpan) {
    transactionCount = walk.shapes.count
    transactionWeight = walk.weight
    hasWitness = walk.hasWitness
    first = walk.shapes.first
    misplacedCoinbase = walk.laterCoinbase
    if let first { noteCommitment(of: first, in: block, scripts: walk.scripts.span) }
  }

  /// Takes in the next transaction's hashes; gives its ids where it had to compute them.
  ///
  /// - Parameter isProved: whether `proofs` will be asked for it
  mutating func hash(
    _ shape: TransactionShape, in block: RawSpan, isProved: Bool = false
  ) -> TransactionIDs? {
    guard verification != .alreadyVerified else { return nil }
    let isFirst = txids.isEmpty
    let txid = shape.txid(in: block)
    txids.append(txid, isTracked: isProved)
    guard case .made = commitment else {
      // Without a commitment a witness is refused in the end, so no wtxid is computed here.
      return shape.hasWitness ? nil : TransactionIDs(txid: txid, wtxid: txid)
    }
    let wtxid = shape.wtxid(in: block, txid: txid)
    wtxids.append(isFirst ? .zero : wtxid)
    return TransactionIDs(txid: txid, wtxid: wtxid)
  }

  private mutating func noteCommitment(
    of shape: TransactionShape, in block: RawSpan, scripts: Span<Range<UInt32>>
  ) {
    guard verification == .full, shape.isCoinbase else { return }
    var committed: Hash32?
    for place in shape.outputs {
      let (start, end) = (Int(scripts[place].lowerBound), Int(scripts[place].upperBound))
      if let hash = WitnessCommitment.committedHash(in: block.extracting(start..<end)) {
        committed = hash
      }
    }
    guard let hash = committed else { return }
    if let reservedValue = shape.reservedValue(in: block) {
      commitment = .made(hash, reservedValue: reservedValue)
    } else {
      commitment = .withoutReservedValue
    }
  }

  /// Checks what needs all transactions; none may follow.
  package mutating func finish() throws(BlockError) {
    guard transactionCount > 0 else { throw .noTransactions }
    guard first?.isCoinbase == true else { throw .firstIsNotCoinbase }
    if let index = misplacedCoinbase { throw .misplacedCoinbase(index: index) }
    let frame = BlockHeader.byteCount + CompactSize.byteCount(transactionCount)
    let weight = 4 * frame + transactionWeight
    guard weight <= TransactionLimits.maximumWeight else { throw .tooHeavy(weight: weight) }
    guard verification != .alreadyVerified else { return }

    let (root, mutated) = txids.finalize()
    guard root == header.merkleRoot else {
      throw .merkleRoot(expected: header.merkleRoot, found: root)
    }
    guard !mutated else { throw .mutated(hash) }
    try checkWitnesses()
  }

  private mutating func checkWitnesses() throws(BlockError) {
    switch commitment {
    case .none:
      guard !hasWitness else { throw .witness(.missing) }
    case .withoutReservedValue:
      throw .witness(.reservedValue)
    case .made(let committed, let reservedValue):
      let computed = WitnessCommitment.hash(
        root: wtxids.finalize().root, reservedValue: reservedValue)
      guard computed == committed else {
        throw .witness(.mismatch(committed: committed, computed: computed))
      }
    }
  }

  /// The proofs of all transactions that were added as proved, which stand at `shapes`, once the
  /// block is finished; none where no tree was built.
  package func proofs(of shapes: [TransactionShape], in block: RawSpan) -> [TransactionProof] {
    guard let first else { return [] }
    let coinbase = TransactionProof.Coinbase(
      transaction: first.strippedBytes(in: block), siblings: txids.firstBranch.siblings)
    return zip(shapes, txids.trackedBranches).map { shape, branch in
      TransactionProof(
        transaction: shape.strippedBytes(in: block), branch: branch, coinbase: coinbase)
    }
  }

  package func scannedBlock(matches: [MatchedTransaction]) -> ScannedBlock {
    ScannedBlock(
      header: header, hash: hash, transactionCount: transactionCount, byteCount: byteCount,
      matches: matches)
  }
}
