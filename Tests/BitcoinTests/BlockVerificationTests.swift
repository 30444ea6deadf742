import Bytes
import ChainTypes
import Testing

@testable import Bitcoin

@Suite("Block verification")
struct BlockVerificationTests {
  @Test("made blocks of every small size verify, with and without witnesses")
  func sound() {
    for count in 0...17 {
      for witnesses in [false, true] {
        let block = TestBlocks.block(payments: count, witnesses: witnesses)
        let outcome = Outcome.agreed(block.bytes, expecting: block.hash)
        #expect(outcome == Outcome(transactionCount: count + 1, error: nil))
      }
    }
  }

  @Test("a block that repeats its last transactions is mutated, whatever its hash")
  func mutated() throws {
    //  1 2 3    →  1 2 3 3          1 2 3 4 5 6  →  1 2 3 4 5 6 5 6
    for (count, repeated) in [(3, 1), (6, 2), (5, 1), (7, 1), (12, 4), (9, 1), (10, 2)] {
      for witnesses in [false, true] {
        let block = TestBlocks.block(payments: count - 1, witnesses: witnesses)
        var copy = block
        copy.transactions += block.transactions.suffix(repeated)
        #expect(copy.merkleRoot == block.header.merkleRoot)
        let outcome = try #require(Outcome.agreed(copy.bytes, expecting: block.hash))
        #expect(outcome.error == .mutated(block.hash))
      }
    }
  }

  @Test("the transaction list may not differ from what the header commits to")
  func merkleRoot() throws {
    let block = TestBlocks.block(payments: 4)
    var copy = block
    copy.transactions.swapAt(2, 3)
    let found = copy.merkleRoot
    #expect(
      Outcome.agreed(copy.bytes)?.error
        == .merkleRoot(expected: block.header.merkleRoot, found: found))
    copy = block
    copy.transactions.removeLast()
    #expect(
      Outcome.agreed(copy.bytes)?.error
        == .merkleRoot(expected: block.header.merkleRoot, found: copy.merkleRoot))
  }

  @Test("a block with another header than was asked for is refused, whatever it holds")
  func headerHash() {
    let asked = TestBlocks.block(payments: 1)
    let given = TestBlocks.block(payments: 2)
    #expect(
      Outcome.agreed(given.bytes, expecting: asked.hash)?.error
        == .headerHash(expected: asked.hash, found: given.hash))
  }

  @Test("a block whose hash exceeds its target is refused")
  func proofOfWork() throws {
    var block = TestBlocks.block(payments: 1)
    while block.hash.littleEndianNumber <= (try CompactTarget(block.header.bits).target) {
      block.header.nonce += 1
    }
    let error = Outcome.agreed(block.bytes)?.error
    #expect(
      error
        == .proofOfWork(.hashAboveTarget(hash: block.hash, bits: block.header.bits)))
    #expect(
      Outcome.agreed(block.bytes, network: .mainnet)?.error
        == .proofOfWork(.targetAboveLimit(bits: block.header.bits)))
  }

  @Test("the coinbase comes first, and only there")
  func coinbase() {
    let payments = (0..<3).map { TestBlocks.payment($0) }
    #expect(
      Outcome.agreed(TestBlocks.block(payments).bytes)?.error == .firstIsNotCoinbase)
    let second = TestBlocks.coinbase(height: 201)
    let block = TestBlocks.block([TestBlocks.coinbase(), payments[0], second, second])
    #expect(Outcome.agreed(block.bytes)?.error == .misplacedCoinbase(index: 2))
    let empty = TestBlocks.resealed(
      Block(header: TestBlocks.block(payments: 0).header, transactions: []))
    #expect(Outcome.agreed(empty.bytes)?.error == .noTransactions)
  }

  @Test("a block weighs at most four million, and its bytes are counted before they are read")
  func weight() {
    func block(scriptLength: Int) -> Block {
      var payment = TestBlocks.payment(1)
      payment.inputs[0].scriptSig = [UInt8](repeating: 0, count: scriptLength)
      return TestBlocks.block([TestBlocks.coinbase(), payment])
    }
    let spare = 4_000_000 - block(scriptLength: 900_000).weight
    let heaviest = block(scriptLength: 900_000 + spare / 4)
    #expect(heaviest.weight <= 4_000_000 && heaviest.weight > 3_999_996)
    #expect(Outcome.agreed(heaviest.bytes)?.error == nil)
    let tooHeavy = block(scriptLength: 900_001 + spare / 4)
    #expect(
      Outcome.agreed(tooHeavy.bytes)?.error == .tooHeavy(weight: tooHeavy.weight))
    let long = TestBlocks.block(payments: 1).bytes + [UInt8](repeating: 0, count: 4_000_000)
    #expect(Outcome.agreed(long)?.error == .tooHeavy(weight: long.count))
  }

  @Test("a transaction that no block can hold is refused as that, whatever else is wrong with it")
  func heaviestTransaction() throws {
    var transaction = TestBlocks.payment(1)
    // Spends one output twice, too.
    transaction.inputs = [TransactionInput](repeating: transaction.inputs[0], count: 25_000)
    let block = TestBlocks.block([transaction])
    for verification in [BlockVerification.full, .alreadyVerified] {
      let outcome = try #require(Outcome.agreed(block.bytes, verification: verification))
      guard case .decoding(.transactionTooLarge) = outcome.error else {
        Issue.record("refused otherwise")
        continue
      }
    }
  }

  @Test("bytes that were verified before are scanned without their roots")
  func alreadyVerified() {
    var block = TestBlocks.block(payments: 5, witnesses: true)
    block.header.merkleRoot = .zero
    block = Block(header: block.header, transactions: block.transactions)
    while !block.header.findNonce() {}
    #expect(Outcome.agreed(block.bytes)?.error != nil)
    #expect(Outcome.agreed(block.bytes, verification: .alreadyVerified)?.error == nil)
  }

  @Test("what a block needs follows from its height", arguments: BitcoinNetwork.Kind.allCases)
  func verificationByHeight(_ kind: BitcoinNetwork.Kind) {
    let network = BitcoinNetwork(kind)
    #expect(BlockVerification(height: network.segwitHeight, network: network) == .full)
    guard network.segwitHeight > 0 else { return }
    #expect(
      BlockVerification(height: network.segwitHeight - 1, network: network) == .beforeSegwit)
  }
}

@Suite("Witness commitments")
struct WitnessCommitmentTests {
  @Test("a block with a wrong witness commitment is refused")
  func wrongCommitment() throws {
    let block = TestBlocks.block(payments: 3, witnesses: true)
    var copy = block
    copy.transactions[2].inputs[0].witness = [[1, 2, 4]]
    // The txids and so the header are unchanged: only the commitment tells.
    #expect(copy.hash == block.hash && copy.merkleRoot == block.header.merkleRoot)
    let outcome = try #require(Outcome.agreed(copy.bytes, expecting: block.hash))
    guard case .witness(.mismatch) = outcome.error else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test("a real block with a changed witness is refused by its commitment alone")
  func realBlock() throws {
    var block = try Block(bytes: RealBlock.segwit.bytes())
    let index = try #require(
      block.transactions.indices.dropFirst().first {
        block.transactions[$0].hasWitness
      })
    let input = try #require(
      block.transactions[index].inputs.indices.first {
        !block.transactions[index].inputs[$0].witness.isEmpty
      })
    block.transactions[index].inputs[input].witness.append([])
    let outcome = Outcome.agreed(
      block.bytes, expecting: try RealBlock.segwit.blockHash(), network: .mainnet)
    guard case .witness(.mismatch) = outcome?.error else {
      Issue.record("\(String(describing: outcome))")
      return
    }
  }

  @Test("witnesses that nothing commits to are refused")
  func missing() {
    let transactions = [TestBlocks.coinbase(), TestBlocks.payment(1, witness: [[7]])]
    var block = TestBlocks.block(transactions)
    block.transactions[0] = TestBlocks.coinbase()
    #expect(
      Outcome.agreed(TestBlocks.resealed(block).bytes)?.error == .witness(.missing))
    // A coinbase's own witness is one.
    block.transactions = [TestBlocks.coinbase()]
    block.transactions[0].inputs[0].witness = [Hash32.zero.bytes]
    #expect(
      Outcome.agreed(TestBlocks.resealed(block).bytes)?.error == .witness(.missing))
  }

  @Test("a commitment needs the coinbase's one witness item of 32 bytes")
  func reservedValue() {
    let block = TestBlocks.block(payments: 2, witnesses: true)
    let zeros = Hash32.zero.bytes
    for witness in [
      [], [[]], [zeros + [0]], [Array(zeros.dropLast())], [zeros, zeros], [zeros, []],
    ] {
      var copy = block
      copy.transactions[0].inputs[0].witness = witness
      #expect(Outcome.agreed(copy.bytes)?.error == .witness(.reservedValue))
    }
    // Witnesses stripped from every transaction: still not the block.
    var stripped = block
    for index in stripped.transactions.indices {
      stripped.transactions[index].inputs[0].witness = []
    }
    #expect(Outcome.agreed(stripped.bytes)?.error == .witness(.reservedValue))
  }

  @Test("the reserved value is part of the commitment")
  func reservedValueCounts() throws {
    var block = TestBlocks.block(payments: 2, witnesses: true)
    let reserved = [UInt8](repeating: 9, count: 32)
    block.transactions[0].inputs[0].witness = [reserved]
    guard case .witness(.mismatch) = Outcome.agreed(block.bytes)?.error else {
      Issue.record("accepted with another reserved value")
      return
    }
    let root = WitnessCommitment.root(of: block.transactions)
    let hash = WitnessCommitment.hash(root: root, reservedValue: try #require(Hash32(reserved)))
    block.transactions[0].outputs[1].scriptPubKey = WitnessCommitment.scriptPubKey(
      committingTo: hash)
    #expect(Outcome.agreed(TestBlocks.resealed(block).bytes)?.error == nil)
  }

  @Test("of several commitments the last output's counts, whatever follows its hash")
  func lastCounts() {
    let block = TestBlocks.block(payments: 2, witnesses: true)
    let wrong = TransactionOutput(
      value: 0, scriptPubKey: WitnessCommitment.scriptPubKey(committingTo: .zero))
    var copy = block
    copy.transactions[0].outputs.insert(wrong, at: 1)
    copy.transactions[0].outputs[2].scriptPubKey += [0x01, 0x02]
    copy.transactions[0].outputs.append(TestBlocks.output(3))
    #expect(Outcome.agreed(TestBlocks.resealed(copy).bytes)?.error == nil)
    copy.transactions[0].outputs.append(wrong)
    guard case .witness(.mismatch) = Outcome.agreed(TestBlocks.resealed(copy).bytes)?.error else {
      Issue.record("an earlier commitment counted")
      return
    }
    // A script one byte short of a commitment is none.
    var short = block
    short.transactions[0].outputs[1].scriptPubKey.removeLast()
    #expect(
      Outcome.agreed(TestBlocks.resealed(short).bytes)?.error == .witness(.missing))
  }

  @Test("a real block with a commitment below segwit's height is only what that height makes it")
  func signalling() throws {
    let real = RealBlock.signalling
    let bytes = try real.bytes()
    #expect(real.verification == .beforeSegwit)
    #expect(Outcome.agreed(bytes, network: .mainnet, verification: .beforeSegwit)?.error == nil)
    #expect(Outcome.agreed(bytes, network: .mainnet)?.error == .witness(.reservedValue))
  }

  @Test("below segwit's height a commitment means nothing and a witness can't be")
  func beforeSegwit() {
    let block = TestBlocks.block(payments: 2, witnesses: true)
    #expect(
      Outcome.agreed(block.bytes, verification: .beforeSegwit)?.error == .witness(.missing))
    // As miners made blocks while they signalled: a commitment without a reserved value.
    var signalled = TestBlocks.block(payments: 2)
    signalled.commitToWitnesses()
    signalled.transactions[0].inputs[0].witness = []
    signalled = TestBlocks.resealed(signalled)
    #expect(Outcome.agreed(signalled.bytes, verification: .beforeSegwit)?.error == nil)
    #expect(Outcome.agreed(signalled.bytes)?.error == .witness(.reservedValue))
  }
}
