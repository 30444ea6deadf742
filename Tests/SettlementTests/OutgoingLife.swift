import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Database
import EventLog
import Payments
import Settlement
import Watching

/// What becomes of refunds and sweeps: a world in which they take each way, and what sweeps tell.
enum OutgoingLife {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

  /// A refund that is approved and paid, one that is canceled, one whose coin a stranger takes, and
  /// a sweep with its replacement.
  static func world() async throws -> World {
    var policy = TenantPolicy()
    policy.refunds.approvals = 1
    let world = try await World.make(policy: policy)
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    let service = RefundService(specs: [world.spec], policies: [World.tenant: policy])
    let (now, chain) = (world.now, world.spec.name)
    var refunds: [String] = []
    for number: UInt64 in 1...3 {
      let request = RefundRequest(
        payment: payment.terms.id, kind: .partial, amount: 10_000, address: address,
        requestedBy: "shop", reason: number == 1 ? "returned" : nil)
      let refund = try await world.database.write {
        try service.request(
          request, tenant: World.tenant, now: now, random: (number, number), in: $0)
      }
      refunds.append(refund.terms.id)
    }
    let ids = refunds
    try await world.database.write { connection in
      for (id, fact) in [
        (ids[0], RefundFact.approved(by: "ada")), (ids[1], .approved(by: "ada")),
        (ids[2], .canceled(by: "shop")),
      ] {
        _ = try service.decide(fact, on: id, tenant: nil, now: now, in: connection)
      }
      for (number, refund) in ids.prefix(2).enumerated() {
        try OutgoingService.record(
          transaction(number, paying: refund, at: now, on: chain), now: now, in: connection)
      }
    }
    try await world.advance(
      [[]],
      spending: [
        (txid: World.hash("out 0"), slots: [slot(0)]),
        (txid: World.hash("thief"), slots: [slot(1)]),
      ])
    try await world.mineEmpty(5)
    let block = BlockRef(height: 7, hash: World.hash("block"))
    try await world.database.write { connection in
      // As of a token's transfer that moved nothing.
      _ = try service.decide(
        .held(outgoing: "out_1", block: block, arrived: .zero), on: ids[1], tenant: nil, now: now,
        in: connection)
      _ = try service.decide(
        .failed(reason: "ada: stolen"), on: ids[1], tenant: nil, now: now, in: connection)
      try OutgoingService.record(
        transaction(2, paying: nil, at: now, on: chain), now: now, in: connection)
      try OutgoingService.record(
        transaction(3, replacing: 2, paying: nil, at: now, on: chain), now: now, in: connection)
    }
    try await world.advance([[]], spending: [(txid: World.hash("out 3"), slots: [slot(2)])])
    for _ in 0..<5 { try await world.mineEmpty(1) }
    return world
  }

  private static func slot(_ number: Int) -> OutgoingSlot {
    .outpoint(Outpoint(txid: World.hash("coin \(number)"), vout: 0))
  }

  private static func transaction(
    _ number: Int, replacing other: Int? = nil, paying refund: String?, at now: Timestamp,
    on chain: ChainName
  ) -> OutgoingTransaction {
    let payouts = [
      OutgoingTransaction.Payout(refund: refund, address: address, contract: nil, amount: 10_000)
    ]
    return OutgoingTransaction(
      id: "out_\(number)", tenant: World.tenant, chain: chain,
      purpose: refund == nil ? .sweep : .refund, slots: [slot(other ?? number)],
      replaces: other.map { "out_\($0)" }, payouts: payouts, maximumFee: 500,
      unsigned: World.psbt(paying: payouts), keyPath: nil, createdAt: now,
      txid: World.hash("out \(number)"))
  }

  /// What a sweep and a withdrawal of an EVM chain tell at each of their statuses, and one that is
  /// stuck.
  static func sweepEvents() throws -> [CloudEvent] {
    guard let chain = ChainName("ethereum") else { return [] }
    let block = BlockRef(height: 7, hash: World.hash("block"))
    var wait = OutgoingWait(since: 7)
    _ = wait.look(at: 1_000, isRefused: false, blockMilliseconds: 12_000)
    let stuck = OutgoingTransaction(
      id: "out_2", tenant: World.tenant, chain: chain, purpose: .refund,
      slots: [.nonce(account: Hash20(), 4)], replaces: nil,
      payouts: [.init(refund: "ref_1", address: address, contract: nil, amount: 5)],
      maximumFee: 500, unsigned: "0x", keyPath: nil, createdAt: World.start, status: .broadcast)
    let told = CloudEvent(
      id: World.hash("stuck"), type: "outgoing.stuck", subject: "out_2", sequence: 1,
      tenant: World.tenant, time: World.start,
      data: OutgoingDocument.json(of: stuck, OutgoingRemarks(note: "underpriced", wait: wait)))
    return [told]
      + [OutgoingPurpose.gas, .withdrawal, .void].flatMap { purpose in
        OutgoingStatus.allCases.enumerated().map { place, status in
          let isMined = status == .final || status == .failed
          let transaction = OutgoingTransaction(
            id: "out_1", tenant: World.tenant, chain: chain, purpose: purpose,
            slots: [.nonce(account: Hash20(), 3)], replaces: "out_0",
            payouts: [.init(refund: nil, address: address, contract: Hash20(), amount: 5)],
            maximumFee: 500, unsigned: "0x", keyPath: nil, createdAt: World.start, status: status,
            txid: World.hash("out"),
            sighting: isMined
              ? .init(block: block, succeeded: status == .final, fee: 400) : nil)
          return CloudEvent(
            id: World.hash("event \(place)"), type: "\(purpose.eventPrefix).\(status.rawValue)",
            subject: "out_1", sequence: Int64(place + 1), tenant: World.tenant, time: World.start,
            data: OutgoingDocument.json(of: transaction))
        }
      }
  }
}

extension World {
  /// An unsigned transaction that pays just these.
  static func psbt(paying payouts: [OutgoingTransaction.Payout]) -> String {
    let outputs = payouts.compactMap { payout -> TransactionOutput? in
      guard let address = try? BitcoinAddress(payout.address, network: .regtest),
        let value = payout.amount.asUInt64
      else { return nil }
      return TransactionOutput(value: value, scriptPubKey: address.output.scriptPubKey)
    }
    let input = TransactionInput(outpoint: Outpoint(txid: hash("t"), vout: 0))
    return PSBT(unsigned: Transaction(inputs: [input], outputs: outputs)).base64
  }
}
