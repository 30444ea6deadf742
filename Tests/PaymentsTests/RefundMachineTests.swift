import Bytes
import ChainTypes
import Payments
import Testing

@Suite("Refunds as values")
struct RefundMachineTests {
  private let block = BlockRef(height: 7, hash: Hash32())

  private func refund(
    approvals: Int = 0, by: String = "api", signed: Bool = false,
    attestation: RefundAttestation? = nil
  ) throws -> Refund {
    let now = PaymentFixtures.created
    return try Refund(
      terms: RefundTerms(
        id: "ref_1", payment: PaymentFixtures.terms(), amount: 1_000, kind: .partial,
        feePayer: .shop, address: "bcrt1qexample", attestation: attestation, requestedBy: by,
        requestedAt: now, notBefore: now.adding(seconds: 60), approvalsNeeded: approvals,
        wantsSignedApprovals: signed, reason: nil))
  }

  @Test("a refund goes through every status on the way to final")
  func whole() throws {
    var refund = try refund(approvals: 1)
    #expect(try refund.apply(.approved(by: "ann")) == [.approved])
    #expect(try refund.apply(.built(outgoing: "out_1")) == [.built])
    #expect(try refund.apply(.signed(outgoing: "out_1", txid: "aa")) == [.signed])
    #expect(try refund.apply(.broadcast(outgoing: "out_1")) == [.broadcast])
    #expect(try refund.apply(.confirmed(outgoing: "out_1", block: block)) == [.confirmed])
    #expect(try refund.apply(.final(outgoing: "out_1", block: block)) == [.final])
    #expect(refund.txid == "aa")
    #expect(refund.block == block)
  }

  @Test("a block that shows an unsent transaction tells every status on the way")
  func skipping() throws {
    var refund = try refund()
    _ = try refund.apply(.built(outgoing: "out_1"))
    #expect(
      try refund.apply(.final(outgoing: "out_1", block: block)) == [
        .signed, .broadcast, .confirmed, .final,
      ])
  }

  @Test("who asks for a refund can't approve it, and nobody approves twice")
  func eyes() throws {
    var refund = try refund(approvals: 2, by: "ann")
    #expect(throws: RefundError.sameApprover("ann")) { try refund.apply(.approved(by: "ann")) }
    #expect(try refund.apply(.approved(by: "bob")) == [])
    #expect(throws: RefundError.sameApprover("bob")) { try refund.apply(.approved(by: "bob")) }
    #expect(refund.status == .requested)
    #expect(try refund.apply(.approved(by: "cid")) == [.approved])
  }

  @Test("one key is one person, whatever the names, and where keys are listed no name counts alone")
  func keys() throws {
    func signed(_ signer: String) -> RefundAttestation {
      RefundAttestation(kind: .eip191, signer: signer, message: "", signature: "")
    }
    var refund = try refund(approvals: 2, by: "ann", signed: true, attestation: signed("0xa"))
    #expect(throws: RefundError.unsignedApproval) { try refund.apply(.approved(by: "bob")) }
    // Who attested it asked for it.
    #expect(throws: RefundError.sameApprover("bob")) {
      try refund.apply(.approved(by: "bob", proof: signed("0xa")))
    }
    #expect(try refund.apply(.approved(by: "bob", proof: signed("0xb"))) == [])
    #expect(throws: RefundError.sameApprover("cid")) {
      try refund.apply(.approved(by: "cid", proof: signed("0xb")))
    }
    #expect(try refund.apply(.approved(by: "cid", proof: signed("0xc"))) == [.approved])
    #expect(refund.approvals.map(\.proof?.signer) == ["0xb", "0xc"])
  }

  @Test("a reorg takes a confirmed refund back to broadcast, and a replacement may pay it then")
  func reorg() throws {
    var refund = try refund()
    _ = try refund.apply(.built(outgoing: "out_1"))
    _ = try refund.apply(.signed(outgoing: "out_1", txid: "aa"))
    _ = try refund.apply(.confirmed(outgoing: "out_1", block: block))
    #expect(try refund.apply(.reverted(outgoing: "out_1")) == [.broadcast])
    #expect(refund.block == nil)
    #expect(try refund.apply(.built(outgoing: "out_2")) == [])
    _ = try refund.apply(.signed(outgoing: "out_2", txid: "bb"))
    #expect(try refund.apply(.final(outgoing: "out_2", block: block)) == [.confirmed, .final])
    #expect(refund.txid == "bb")
  }

  @Test(
    "of what arrived in part people take it for paid; what nothing arrived of they may end, too")
  func held() throws {
    func held(_ arrived: UInt256) throws -> Refund {
      var refund = try refund()
      _ = try refund.apply(.built(outgoing: "out_1"))
      _ = try refund.apply(.signed(outgoing: "out_1", txid: "aa"))
      _ = try refund.apply(.broadcast(outgoing: "out_1"))
      #expect(throws: RefundError.notPossible(.broadcast)) {
        try refund.apply(.accepted(by: "ann"))
      }
      let fact = RefundFact.held(outgoing: "out_1", block: block, arrived: arrived)
      #expect(try refund.apply(fact) == [.held])
      #expect(refund.arrived == arrived && refund.payer == "out_1" && refund.block == block)
      return refund
    }
    var short = try held(999)
    #expect(throws: RefundError.notPossible(.held)) { try short.apply(.failed(reason: "short")) }
    #expect(throws: RefundError.notPossible(.held)) { try short.apply(.built(outgoing: "out_2")) }
    #expect(throws: RefundError.notPossible(.held)) { try short.apply(.canceled(by: "ann")) }
    var reverted = short
    #expect(try short.apply(.accepted(by: "ann")) == [.final])
    #expect(short.arrived == 999)
    #expect(try reverted.apply(.reverted(outgoing: "out_1")) == [.broadcast])
    #expect(reverted.arrived == nil && reverted.payer == nil)
    #expect(
      try reverted.apply(.final(outgoing: "out_1", block: block)) == [.confirmed, .final])
    var nothing = try held(0)
    #expect(try nothing.apply(.failed(reason: "nothing came")) == [.failed])
  }

  @Test("once signed it can't be canceled, and a refused fact changes nothing")
  func refusals() throws {
    var refund = try refund()
    _ = try refund.apply(.built(outgoing: "out_1"))
    let before = refund
    #expect(throws: RefundError.notPossible(.built)) { try refund.apply(.canceled(by: "ann")) }
    #expect(throws: RefundError.unknownTransaction("out_9")) {
      try refund.apply(.final(outgoing: "out_9", block: block))
    }
    #expect(refund == before)
    #expect(try refund.apply(.unbuilt(outgoing: "out_1")) == [.approved])
    #expect(try refund.apply(.canceled(by: "ann")) == [.canceled])
  }

  @Test("it isn't built before its address has cooled down")
  func cooldown() throws {
    let refund = try refund()
    #expect(!refund.isBuildable(at: PaymentFixtures.created))
    #expect(refund.isBuildable(at: PaymentFixtures.created.adding(seconds: 60)))
  }

  // MARK: Payments' side

  @Test("refunds never exceed what is final, and what ended frees its part")
  func cap() throws {
    var payment = try Payment(terms: PaymentFixtures.terms())
    _ = try payment.observe(PaymentFixtures.transfer(1, 120_000, .confirmed))
    #expect(payment.refundable == 0)
    #expect(throws: PaymentError.exceedsReceipts(1, left: 0)) {
      try payment.apply(.refundRequested(id: "ref_1", amount: 1))
    }
    _ = try payment.observe(PaymentFixtures.transfer(1, 120_000, .final))
    _ = try payment.apply(.refundRequested(id: "ref_1", amount: 100_000))
    #expect(payment.refundProgress == .pending)
    #expect(throws: PaymentError.exceedsReceipts(20_001, left: 20_000)) {
      try payment.apply(.refundRequested(id: "ref_2", amount: 20_001))
    }
    _ = try payment.apply(.refundRequested(id: "ref_2", amount: 20_000))
    _ = try payment.apply(.refundChanged(id: "ref_1", to: .ended))
    #expect(payment.refundable == 100_000)
    _ = try payment.apply(.refundChanged(id: "ref_2", to: .paid))
    #expect(payment.refundProgress == .partial)
  }
}

@Suite("Ledger entries")
struct LedgerEntryTests {
  private func balance(_ entries: [LedgerEntry]) -> [LedgerAccount: Int] {
    var sums: [LedgerAccount: Int] = [:]
    for posting in entries.flatMap(\.postings) {
      let amount = Int(posting.amount.decimal) ?? 0
      sums[posting.account, default: 0] += posting.side == .debit ? amount : -amount
    }
    return sums
  }

  @Test("an entry that doesn't sum to zero, or with nothing in it, isn't one")
  func zeroSum() throws {
    let chain = try #require(PaymentFixtures.chain)
    let even = [LedgerPosting(.treasury, .debit, 3), LedgerPosting(.received, .credit, 3)]
    #expect(LedgerEntry(chain: chain, contract: nil, postings: even) != nil)
    let odd = [LedgerPosting(.treasury, .debit, 3), LedgerPosting(.received, .credit, 2)]
    #expect(LedgerEntry(chain: chain, contract: nil, postings: odd) == nil)
    #expect(
      LedgerEntry(
        chain: chain, contract: nil, postings: [LedgerPosting(.treasury, .debit, 0)]) == nil)
  }

  @Test("a settled payment is set against what was due, too much and too little apart")
  func settlement() throws {
    for (came, tolerance, expected) in [
      (100_000, 0, [LedgerAccount.receivable: -100_000, .received: 100_000]),
      (130_000, 0, [.receivable: -100_000, .received: 130_000, .overpaid: -30_000]),
      (99_000, 2_000, [.receivable: -100_000, .received: 99_000, .tolerance: 1_000]),
    ] {
      var payment = try Payment(
        terms: PaymentFixtures.terms(tolerance: UInt256(UInt64(tolerance))))
      #expect(LedgerEntry.settlement(of: payment).isEmpty)
      _ = try payment.observe(PaymentFixtures.transfer(1, UInt256(UInt64(came)), .final))
      let entry = LedgerEntry.settlement(of: payment)
      #expect(balance([entry]) == expected)
      #expect(balance([entry, entry.reversed]).values.allSatisfy { $0 == 0 })
    }
  }

  @Test("a transaction with change takes from the treasury what others and the chain got")
  func outgoing() throws {
    let chain = try #require(PaymentFixtures.chain)
    let paid = try #require(
      LedgerEntry.outgoing(700, to: .refunds, returned: 250, fee: 50, on: chain, contract: nil))
    let change = LedgerEntry.transfer(250, on: chain, contract: nil, isForPayment: false)
    #expect(
      balance([paid, change]) == [
        .refunds: 700, .fees: 50, .treasury: -750, .unallocated: 0,
      ])
    #expect(
      LedgerEntry.outgoing(.max, to: .refunds, returned: 1, fee: 0, on: chain, contract: nil) == nil
    )
  }
}

@Suite("What policies do by themselves")
struct RemedyTests {
  private func terms(
    late: PaymentTerms.LatePolicy = .hold, short: PaymentTerms.ExceptionPolicy? = nil,
    over: PaymentTerms.ExceptionPolicy? = nil
  ) throws -> PaymentTerms {
    let plain = try PaymentFixtures.terms(late: late)
    return PaymentTerms(
      id: plain.id, tenant: plain.tenant, orderID: plain.orderID, chain: plain.chain,
      asset: plain.asset, amount: plain.amount, tolerance: plain.tolerance,
      createdAt: plain.createdAt, expiresAt: plain.expiresAt,
      confirmations: plain.confirmations, finality: plain.finality, latePolicy: late,
      ordinal: plain.ordinal, address: plain.address, region: plain.region, metadata: nil,
      shortPolicy: short, overPolicy: over)
  }

  @Test("too much is sent back once it is final, and only then")
  func over() throws {
    var payment = try Payment(terms: terms(over: .refund))
    _ = try payment.observe(PaymentFixtures.transfer(1, 150_000, .confirmed))
    #expect(payment.remedy == nil)
    _ = try payment.observe(PaymentFixtures.transfer(1, 150_000, .final))
    #expect(payment.remedy == .refund(50_000, .overpayment))
    _ = try payment.apply(.refundRequested(id: "ref_1", amount: 50_000))
    #expect(payment.remedy == nil)
  }

  @Test("too little is sent back, or accepted, once the deadline has passed and all is final")
  func short() throws {
    for (policy, remedy) in [
      (PaymentTerms.ExceptionPolicy.refund, PaymentRemedy.refund(90_000, .full)),
      (.accept, .accept(due: 90_000)),
    ] {
      var payment = try Payment(terms: terms(short: policy))
      _ = try payment.observe(PaymentFixtures.transfer(1, 90_000, .final))
      #expect(payment.remedy == nil)
      _ = try payment.passDeadline()
      #expect(payment.remedy == remedy)
      _ = try payment.observe(PaymentFixtures.transfer(2, 1_000, .included))
      #expect(payment.remedy == nil)
    }
  }

  @Test("far too little isn't accepted by a policy, however long it waits")
  func shortfall() throws {
    var payment = try Payment(terms: terms(short: .accept))
    _ = try payment.observe(PaymentFixtures.transfer(1, 89_999, .final))
    _ = try payment.passDeadline()
    #expect(payment.remedy == nil)
  }

  @Test("late money is sent back where the policy says so, and waits where it doesn't")
  func late() throws {
    for (policy, remedy) in [
      (PaymentTerms.LatePolicy.refund, PaymentRemedy?.some(.refund(100_000, .full))),
      (.hold, nil), (.accept, nil),
    ] {
      var payment = try Payment(terms: terms(late: policy))
      _ = try payment.passDeadline()
      _ = try payment.observe(
        PaymentFixtures.transfer(1, 100_000, .final, seenAfter: 2_000, blockAfter: 2_000))
      #expect(payment.remedy == remedy)
    }
  }
}

@Suite("Refunds of payments that aren't settled")
struct UnsettledRefundTests {
  @Test("money that went back pays for nothing, so that a penny more settles nothing")
  func refundedFirst() throws {
    var payment = try Payment(terms: PaymentFixtures.terms())
    _ = try payment.observe(PaymentFixtures.transfer(1, 99_000, .final))
    _ = try payment.apply(.refundRequested(id: "ref_1", amount: 99_000))
    #expect(payment.status == .open)
    _ = try payment.observe(PaymentFixtures.transfer(2, 1_000, .final))
    #expect(payment.status == .partiallyPaid)
    #expect(payment.shortfall == 99_000)
    #expect(throws: PaymentError.nothingToAccept) {
      try payment.apply(.accepted(due: 100_000, by: "ann"))
    }
    #expect(LedgerEntry.settlement(of: payment).isEmpty)
    // Where the refund ends unpaid, it counts again.
    _ = try payment.apply(.refundChanged(id: "ref_1", to: .ended))
    #expect(payment.status == .settled)
  }

  @Test("a settled payment stays so when its money goes back")
  func refundedAfter() throws {
    var payment = try Payment(terms: PaymentFixtures.terms())
    _ = try payment.observe(PaymentFixtures.transfer(1, 100_000, .final))
    _ = try payment.apply(.refundRequested(id: "ref_1", amount: 100_000))
    #expect(payment.status == .settled)
    #expect(payment.refundable == 0)
  }
}
