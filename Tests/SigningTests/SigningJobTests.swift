import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Digests
import Ethereum
import Keys
import Payments
import Payouts
import Signing
import Testing

@Suite("signing")
struct SigningJobTests {
  let scene: SigningScene

  init() throws { scene = try SigningScene() }

  private func job(_ input: SigningInput) throws -> SigningJob {
    try SigningJob(input, policy: scene.policy())
  }

  private func taprootRefund() throws -> UnsignedTransaction {
    var refund = try scene.refund()
    let psbt = try scene.psbt(
      paying: [SigningScene.output(SigningScene.payee, 1_500_000)], change: 498_590, coins: 1,
      from: scene.taproot)
    refund.body = .bitcoin(psbt: psbt.bytes)
    return refund
  }

  @Test("signed Bitcoin transactions can be broadcast, and are those that were judged")
  func bitcoin() throws {
    for refund in [try scene.refund(), try taprootRefund()] {
      let batch = try scene.batch([refund])
      let job = try job(.batch(batch))
      let file = try job.signed(by: scene.key) { .zero }
      let signed = try SignedBatch(parsing: file)
      #expect(signed.heading == batch.heading)
      #expect(signed.transactions.map(\.transaction) == batch.transactions)
      let first = try #require(signed.transactions.first)
      let transaction = try Transaction(bytes: first.raw)
      #expect(transaction.txid == first.txid && transaction.hasWitness)
      guard case .bitcoin(let bytes) = refund.body else { continue }
      let psbt = try PSBT(bytes: bytes)
      #expect(transaction.txid == psbt.transaction.txid)
      let hashes = SignatureHashes(transaction, spending: psbt.spentOutputs)
      #expect(transaction.inputs.indices.allSatisfy { hashes.verification(ofInput: $0) == .valid })
      guard case .bitcoin(_, let size)? = job.facts.first?.cost else { continue }
      // A signature may be a byte shorter than it can be.
      #expect(UInt64(transaction.vsize) <= size && size <= UInt64(transaction.vsize) + 1)
      #expect(try job.signed(by: scene.key) { .zero } == file)
    }
  }

  @Test("signed transactions of EVM chains are the offers, from their senders")
  func ethereum() throws {
    let batch = try scene.ethereumBatch([scene.tokenRefund(scene.offer())])
    let signed = try SignedBatch(parsing: job(.batch(batch)).signed(by: scene.key) { .zero })
    let first = try #require(signed.transactions.first)
    let transaction = try EthereumTransaction(encoded: first.raw)
    #expect(transaction.hash == first.txid)
    #expect(transaction.sender == (try scene.offer().from))
    #expect(transaction.signature?.isLow == true)
    var unsigned = transaction
    unsigned.signature = nil
    #expect(unsigned == (try scene.offer().transaction(chainID: 1)))
  }

  @Test("a transaction alone is read in each of its forms, and signed into Base64")
  func alone() throws {
    let psbt = try scene.psbt(
      paying: [], change: 1_999_000)
    for bytes in [psbt.bytes, Array(psbt.base64.utf8), Array("\n \(psbt.base64)\r\n".utf8)] {
      let job = try job(SigningInput(parsing: bytes))
      #expect(job.refusals(record: SigningRecord(), today: SigningScene.today) == [])
      let text = String(decoding: try job.signed(by: scene.key) { .zero }, as: UTF8.self)
      #expect(text.hasSuffix("\n"))
      var signed = try PSBT(base64: String(text.dropLast()))
      #expect(signed.finalize().isEmpty)
      #expect(try signed.extractTransaction().txid == psbt.transaction.txid)
    }
    let paying = try scene.psbt(
      paying: [SigningScene.output(SigningScene.payee, 1_000_000)], change: 999_000)
    #expect(
      try job(.psbt(paying)).refusals(record: SigningRecord(), today: SigningScene.today)
        .contains { $0.contains("neither ours, nor among the policy's destinations") })
  }

  @Test(
    "what is neither a batch nor a transaction is refused", arguments: ["", " \n", "hello", "{}"])
  func neither(_ text: String) {
    #expect(throws: SigningInput.ReadingError.self) {
      try SigningInput(parsing: Array(text.utf8))
    }
  }

  @Test("other words sign nothing")
  func wrongKey() throws {
    let words =
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    let other = try SigningKey(seed: Mnemonic(secretPhrase: words).seed())
    let bitcoin = try job(.batch(scene.batch([scene.refund()])))
    #expect(throws: SigningKey.Failure.foreignInputs([0])) {
      try bitcoin.signed(by: other) { .zero }
    }
    let ethereum = try job(.batch(scene.ethereumBatch([scene.tokenRefund(scene.offer())])))
    #expect(throws: SigningKey.Failure.self) { try ethereum.signed(by: other) { .zero } }
  }

  @Test("words say what a transaction does")
  func words() throws {
    let address = try scene.address(SigningScene.payerPath)
    let attestation = try scene.attestation(
      address: address, chain: "bitcoin-regtest", asset: "BTC", kind: .bip322,
      path: SigningScene.payerPath)
    let refund = try scene.refund(to: address, attestation: attestation)
    let branch = try scene.descriptor.onBranch(1)
    let change = try #require(branch).address(at: 7).text
    #expect(
      try job(.batch(scene.batch([refund]))).words == [
        "\(refund.id): refund on bitcoin-regtest", "  spends 1 of our coins",
        "  pays 0.01500000 BTC to \(address) (refund \(SigningScene.id("ref", 1)) "
          + "of \(SigningScene.id("pay", 3)), requested by policy, attested by the address itself)",
        "  moves 0.00498590 BTC to \(change), which is ours (m/84h/1h/0h/1/7)",
        "  fee 1410 sat, 10.0 sat/vB",
      ])
    let token = try scene.tokenRefund(scene.offer())
    #expect(
      try job(.batch(scene.ethereumBatch([token]))).words == [
        "\(token.id): refund on ethereum",
        "  from \(scene.offer().from) (m/44h/60h/0h/1/0), nonce 9",
        "  pays 50.000000 USDC to \(scene.ethereumAddress(SigningScene.ethereumPayerPath)) "
          + "(refund \(SigningScene.id("ref", 5)) of \(SigningScene.id("pay", 3)), requested by policy)",
        "  fee at most 0.002015000000000000 ETH: 65000 gas at 31.000000000 gwei, of which "
          + "1.000000000 gwei tip",
      ])
  }
}
