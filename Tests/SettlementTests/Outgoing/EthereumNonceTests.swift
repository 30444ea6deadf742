import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import JSON
import Payments
import Settlement
import Testing
import Watching

/// The treasury account's nonces, which somebody else may use too.
@Suite("Nonces of money out on EVM chains")
struct EthereumNonceTests {
  /// Transactions of the account that the database knows nothing of, in a block.
  private func use(_ nonces: UInt64..., in scene: EthereumScene) async throws {
    for nonce in nonces {
      try await scene.treasury.give(scene.treasury.signedElsewhere(nonce: nonce))
    }
    scene.chain.network.propagate()
    try await scene.mine()
  }

  private func nonces(_ outcome: EthereumPayouts.Outcome) throws -> [UInt64] {
    try outcome.made.map { try EthereumTreasury.unsigned($0).nonce }
  }

  private func expectStopped(
    _ outcome: EthereumPayouts.Outcome, _ refund: Refund, expected: UInt64, found: UInt64
  ) throws {
    let failure = EthereumPayouts.Failure.nonceUsedElsewhere(
      account: try EthereumTreasury.address.text, expected: expected, found: found)
    #expect(outcome.made.isEmpty)
    #expect(outcome.left.map(\.subject) == [refund.terms.id])
    #expect(outcome.left.map(\.reason) == ["\(failure)"])
  }

  @Test("nonces that were used by other means are passed over on a person's word alone")
  func passedOver() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    // Before the account's first transaction of ours there is nothing to compare with.
    try await use(0, in: scene)
    for (number, nonce): (UInt64, UInt64) in [(1, 1), (2, 4)] {
      let refund = try await treasury.refund(payment, .partial, 500, number: number)
      if number == 2 {
        try await expectStopped(
          treasury.payRefunds(), refund, expected: 2, found: 4)
        #expect(try await treasury.status(refund) == .approved)
      }
      let paid = try await treasury.payRefunds(passingOver: number == 2)
      #expect(try nonces(paid) == [nonce], "\(paid.left)")
      try await treasury.send(paid.made)
      try await scene.share()
      try await scene.mine(12)
      #expect(try await treasury.status(refund) == .final)
      if number == 1 { try await use(2, 3, in: scene) }
    }
    #expect(try await scene.eventCount("reconciliation.mismatch") == 0)
  }

  @Test("while one of ours waits nobody's word passes over a nonce, and a person ends its refund")
  func usedElsewhere() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let first = try await treasury.refund(payment, .partial, 500)
    let taken = try #require(try await treasury.payRefunds().made.first)
    try await use(0, 1, in: scene)
    #expect(try await scene.eventCount("reconciliation.mismatch") == 1)

    let second = try await treasury.refund(payment, .partial, 700, number: 2)
    for passingOver in [false, true] {
      try await expectStopped(
        treasury.payRefunds(passingOver: passingOver), second, expected: 1, found: 2)
    }
    #expect(try await treasury.status(second) == .approved)

    // Once that is final ours can't come any more; what the other one paid nobody knows.
    try await scene.mine(12)
    #expect(try await treasury.load(taken).status == .replaced)
    #expect(try await treasury.status(first) == .built)
    #expect(try await treasury.refundable(payment) == 1_800)
    try await expectStopped(treasury.payRefunds(), second, expected: 1, found: 2)
    let paid = try await treasury.payRefunds(passingOver: true)
    #expect(try nonces(paid) == [2])
    try await treasury.send(paid.made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(second) == .final)
    #expect(try await treasury.status(first) == .built)
    #expect(try await treasury.differences() == [])
  }

  @Test("a nonce is given up only where none was made behind it, and is then used again")
  func canceled() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    for number: UInt64 in 1...2 {
      _ = try await treasury.refund(payment, .partial, 500, number: number)
    }
    let made = try await treasury.payRefunds()
    #expect(try nonces(made) == [0, 1])
    await #expect(throws: OutgoingService.Refusal.nonceBehind(made.made[1].id)) {
      try await treasury.cancel(made.made[0].id)
    }
    #expect(try await treasury.load(made.made[0]).status == .built)
    try await treasury.cancel(made.made[1].id)
    #expect(try await treasury.load(made.made[1]).status == .canceled)
    try await treasury.cancel(made.made[0].id)
    let again = try await treasury.payRefunds()
    #expect(try nonces(again) == [0, 1])
    try await treasury.send(again.made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer)) == 1_000)
    // What is signed stays.
    await #expect(throws: OutgoingService.Refusal.notPossible(.final)) {
      try await treasury.cancel(again.made[0].id)
    }
    #expect(try await treasury.differences() == [])
  }

  @Test("a replacement that nobody signed is given up without its nonce, which is the first one's")
  func canceledReplacement() async throws {
    let scene = try await EthereumScene(hasTreasury: true)
    let treasury = scene.treasury
    let payment = try await scene.overpaid()
    let refund = try await treasury.refund(payment, .partial, 500)
    let first = try #require(try await treasury.payRefunds().made.first)
    try await treasury.send([first])
    let second = try await treasury.replace(first.id)
    try await treasury.cancel(second.id)
    #expect(try await treasury.status(refund) == .broadcast)
    _ = try await treasury.refund(payment, .partial, 500, number: 2)
    let next = try await treasury.payRefunds()
    #expect(try nonces(next) == [1])
    try await treasury.send(next.made)
    try await scene.share()
    try await scene.mine(12)
    #expect(try await treasury.status(refund) == .final)
    #expect(try await treasury.load(first).status == .final)
    #expect(try await treasury.load(second).status == .canceled)
    #expect(try await treasury.balance(of: EthereumAddress(EthereumTreasury.payer)) == 1_000)
  }
}
