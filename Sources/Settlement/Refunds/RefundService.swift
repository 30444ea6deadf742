internal import Addresses
internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import EventLog
internal import Keys
package import Payments
internal import Payouts

/// Requests refunds and applies what people decide of them. Everything runs inside the caller's
/// transaction.
///
/// What is sent back is capped three times over: the payment's machine refuses more than its final
/// receipts, the payment's row is held meanwhile, and the table of caps refuses it again.
package struct RefundService: Sendable {
  let specs: [ChainName: ChainSpec]
  let policies: [String: TenantPolicy]

  package init(specs: [ChainSpec], policies: [String: TenantPolicy]) {
    self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    self.policies = policies
  }

  // MARK: Requesting

  /// Requests a refund of one of the tenant's payments (of any where nil).
  package func request(
    _ request: RefundRequest, tenant: String?, now: Timestamp, random: (UInt64, UInt64),
    in connection: any SQLConnection
  ) throws -> Refund {
    guard var payment = try PaymentRecords.load(request.payment, in: connection),
      tenant == nil || payment.terms.tenant == tenant
    else { throw RefundRefusal.notFound(request.payment) }
    guard let spec = specs[payment.terms.chain] else {
      throw RefundRefusal.unknownChain(payment.terms.chain.text)
    }
    let policy = policies[payment.terms.tenant]?.refunds ?? RefundPolicy()
    guard (request.reason?.utf8.count ?? 0) <= PaymentFact.maximumReasonBytes else {
      throw RefundRefusal.reasonTooLong(maximumBytes: PaymentFact.maximumReasonBytes)
    }
    let amount = try amount(of: request, payment: payment, spec: spec)
    let address = try self.address(of: request, payment: payment, spec: spec)
    try Self.checkForeign(address, spec, in: connection)
    let attestation = try checked(
      request.attestation, for: payment, address: address, amount: amount, spec, policy,
      in: connection)
    let id = try ReadingOrder.refunds(connection.dialect).newID(
      tenant: payment.terms.tenant, now: now, random: random, in: connection)
    // With what was requested before: many small ones are a large one.
    let taken = (try? payment.refundsTaken.adding(amount)) ?? .max
    let isAboveLimit =
      policy.fourEyesAbove[payment.terms.asset].map { taken > $0 } ?? false
    let refund = Refund(
      terms: RefundTerms(
        id: id, payment: payment.terms, amount: amount, kind: request.kind,
        feePayer: payment.terms.asset.contract == nil ? policy.feePayer : .shop,
        address: address, attestation: attestation, requestedBy: request.requestedBy,
        requestedAt: now,
        notBefore: try hasChanged(address, of: payment, in: connection)
          ? now.adding(seconds: policy.cooldownSeconds) : now,
        approvalsNeeded: approvalsNeeded(
          request, attestation, isAboveLimit: isAboveLimit, policy),
        wantsSignedApprovals: !policy.approvers.isEmpty, reason: request.reason))
    var drafts: [EventDraft]
    do {
      drafts = try PaymentRecords.apply(
        .refundRequested(id: refund.terms.id, amount: amount), to: &payment, now: now,
        in: connection)
    } catch PaymentError.exceedsReceipts(let amount, let left) {
      throw RefundRefusal.exceedsReceipts(amount, left: left)
    }
    try RefundRecords.takeCap(of: payment, in: connection)
    drafts += try RefundRecords.insert(refund, now: now, in: connection)
    try EventLog.append(drafts, in: connection)
    return refund
  }

  /// Where approvers have keys, one more where nothing shows who asks: a name that nobody has to
  /// prove isn't one of the four eyes.
  private func approvalsNeeded(
    _ request: RefundRequest, _ attestation: RefundAttestation?, isAboveLimit: Bool,
    _ policy: RefundPolicy
  ) -> Int {
    let needed = max(policy.approvals, isAboveLimit ? 1 : 0)
    guard needed > 0, !policy.approvers.isEmpty, !request.isRequesterProved else { return needed }
    guard let signer = attestation?.signer else { return needed + 1 }
    return policy.approvers.signers[request.requestedBy] == signer ? needed : needed + 1
  }

  private func amount(
    of request: RefundRequest, payment: Payment, spec: ChainSpec
  ) throws -> UInt256 {
    guard (request.kind == .partial) == (request.amount != nil) else {
      throw request.amount == nil ? RefundRefusal.amountMissing : .amountUnexpected
    }
    let amount =
      switch request.kind {
      case .full: payment.refundable
      case .partial: request.amount ?? .zero
      case .overpayment:
        payment.status == .settled ? min(payment.surplus, payment.refundable) : .zero
      }
    guard amount > .zero else { throw RefundRefusal.nothingToRefund }
    guard amount <= payment.refundable else {
      throw RefundRefusal.exceedsReceipts(amount, left: payment.refundable)
    }
    // What costs more to send than it is worth helps nobody.
    let minimum = max(spec.listed(payment.terms.asset)?.dustLimit ?? .one, .one)
    guard amount >= minimum else { throw RefundRefusal.amountTooSmall(minimum: minimum) }
    return amount
  }

  private func address(
    of request: RefundRequest, payment: Payment, spec: ChainSpec
  ) throws -> String {
    guard let text = request.address ?? payment.terms.refundAddress else {
      throw RefundRefusal.noAddress
    }
    return try Self.checked(address: text, asset: payment.terms.asset, on: spec)
  }

  /// What goes to one of our own addresses isn't sent back to anybody.
  static func checkForeign(
    _ address: String, _ spec: ChainSpec, in connection: any SQLConnection
  ) throws {
    let script =
      switch spec.family {
      case .bitcoin(let network):
        try BitcoinAddress(address, network: network).output.scriptPubKey
      case .ethereum: try EthereumAddress(address).hash.bytes
      }
    let own = try connection.queryFirst(
      "SELECT 1 AS one FROM addresses WHERE script = $1", [.blob(script)])
    guard own == nil else {
      throw RefundRefusal.invalidAddress("\(address) is one of our own addresses")
    }
  }

  /// The address in its chain's own form, where money sent there can be spent by somebody.
  package static func checked(
    address text: String, asset: Asset, on spec: ChainSpec
  ) throws -> String {
    switch spec.family {
    case .bitcoin(let network):
      do {
        let address = try BitcoinAddress(text, network: network)
        if case .witness = address.output {
          throw RefundRefusal.invalidAddress("\(text) is of a form that nobody can spend from yet")
        }
        guard address.output.hasSpendableKey else {
          throw RefundRefusal.invalidAddress("\(text) has no key that anybody could sign with")
        }
        return address.text
      } catch let error as AddressError {
        throw RefundRefusal.invalidAddress("\(text) is no address of \(spec.name): \(error)")
      }
    case .ethereum:
      guard let address = try? EthereumAddress(text) else {
        throw RefundRefusal.invalidAddress("\(text) is no address of \(spec.name)")
      }
      // What is sent to the zero address or to a token's contract is lost.
      guard address.hash != Hash20(), spec.token(address.hash) == nil else {
        throw RefundRefusal.invalidAddress("what is sent to \(text) is lost")
      }
      return address.text
    }
  }

  /// The attestation, with its signer as addresses are written. The statement must name just this
  /// payment, address, chain and asset, and as much as all live
  /// refunds of the payment to the address come to with this one.
  private func checked(
    _ attestation: RefundAttestation?, for payment: Payment, address: String, amount: UInt256,
    _ spec: ChainSpec, _ policy: RefundPolicy, in connection: any SQLConnection
  ) throws -> RefundAttestation? {
    guard let attestation else {
      guard !policy.requiresAttestation else { throw RefundRefusal.attestationMissing }
      return nil
    }
    let terms = payment.terms
    guard let id = Identifier(terms.id, prefix: "pay") else {
      throw CorruptRow.column("payment_id")
    }
    var sum = amount
    for refund in payment.refunds where refund.outcome != .ended {
      guard let refund = try RefundRecords.load(refund.id, locking: false, in: connection) else {
        throw CorruptRow.column("refund_id")
      }
      if refund.terms.address == address {
        sum = (try? sum.adding(refund.terms.amount)) ?? .max
      }
    }
    let wanted = RefundStatement(
      payment: id, address: address, chain: terms.chain, asset: terms.asset.symbol,
      amount: Amount(minorUnits: sum, asset: terms.asset).units)
    guard let statement = RefundStatement(attestation.message),
      let most = statement.allows(id, to: address, on: terms.chain, in: terms.asset), most >= sum
    else { throw RefundRefusal.attestationInvalid("the message signed must be: \(wanted.text)") }
    let checked = try attestation.checked(on: spec, approvers: policy.approvers)
    // Anybody can sign with a key of their own: that says nothing about the address.
    guard
      !policy.requiresAttestation || checked.signer == address
        || policy.approvers.signers.values.contains(checked.signer)
    else {
      throw RefundRefusal.attestationInvalid(
        "\(checked.signer) is neither the address that it goes to nor a listed approver's")
    }
    return checked
  }

  /// Whether another address was named before, with the payment or by an earlier request.
  private func hasChanged(
    _ address: String, of payment: Payment, in connection: any SQLConnection
  ) throws -> Bool {
    if let named = payment.terms.refundAddress { return named != address }
    guard let first = payment.refunds.first,
      let refund = try RefundRecords.load(first.id, locking: false, in: connection)
    else { return false }
    return refund.terms.address != address
  }

  // MARK: Deciding

  /// Applies a person's decision.
  package func decide(
    _ fact: RefundFact, on id: String, tenant: String?, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Refund {
    guard let terms = try self.refund(id, tenant: tenant, in: connection)?.terms else {
      throw RefundRefusal.notFound(id)
    }
    // The payment first, as everywhere: two that hold one each would wait for each other.
    _ = try PaymentRecords.load(terms.payment, in: connection)
    guard var refund = try RefundRecords.load(id, in: connection) else {
      throw RefundRefusal.notFound(id)
    }
    if case .approved(let by, let proof) = fact { try check(proof, by: by, of: terms) }
    if case .failed = fact { try checkUnpayable(refund, in: connection) }
    do {
      let drafts = try RefundRecords.apply(fact, to: &refund, now: now, in: connection)
      try EventLog.append(drafts, in: connection)
    } catch let error as RefundError {
      switch error {
      case .sameApprover(let by): throw RefundRefusal.sameApprover(by)
      case .notPossible, .unknownTransaction, .unsignedApproval:
        throw RefundRefusal.notPossible(refund.status)
      }
    }
    return refund
  }

  /// An approval of the refund by one of the people whom the tenant's policy lists, under their
  /// signature; by anybody's name where it lists none.
  ///
  /// - Parameters:
  ///   - signature: under the approval's statement, in Base64 (BIP-0322) or as `0x` and digits
  ///     (EIP-191), as the approver's address has it
  ///   - needingProof: refuses a name alone, wherever it comes from
  package func approve(
    _ id: String, by name: String, signature: String?, tenant: String?, needingProof: Bool = false,
    now: Timestamp, in connection: any SQLConnection
  ) throws -> Refund {
    guard let terms = try refund(id, tenant: tenant, in: connection)?.terms else {
      throw RefundRefusal.notFound(id)
    }
    let proof = try approvers(of: terms.tenant).proof(of: terms, by: name, signature: signature)
    guard proof != nil || !needingProof else { throw RefundRefusal.unknownApprover(name) }
    return try decide(
      .approved(by: name, proof: proof), on: id, tenant: tenant, now: now, in: connection)
  }

  private func approvers(of tenant: String) -> RefundApprovers {
    policies[tenant]?.refunds.approvers ?? RefundApprovers()
  }

  private func check(
    _ proof: RefundAttestation?, by name: String, of terms: RefundTerms
  ) throws {
    let approvers = approvers(of: terms.tenant)
    guard let proof else {
      _ = try approvers.proof(of: terms, by: name, signature: nil)
      return
    }
    guard approvers.isValid(proof, of: terms, by: name) else {
      throw RefundRefusal.approvalInvalid(signer: proof.signer, statement: proof.message)
    }
  }

  /// While a transaction that pays it can still be mined, its amount isn't free for another.
  private func checkUnpayable(_ refund: Refund, in connection: any SQLConnection) throws {
    if refund.status == .approved {
      // Without a doubt about what was spent it is canceled, which asks nobody to have looked.
      guard try GivenUpTransactions.isUnclear(refund.terms, in: connection) else {
        throw RefundRefusal.notPossible(.approved)
      }
    }
    for id in refund.outgoing {
      guard let transaction = try OutgoingRecords.load(id, in: connection) else {
        throw CorruptRow.column("outgoing_id")
      }
      guard !transaction.status.isPending, transaction.status != .final else {
        throw RefundRefusal.payable(by: id, transaction.status)
      }
    }
  }

  // MARK: Reading

  /// Nil where the tenant (any where nil) has none.
  package func refund(
    _ id: String, tenant: String?, in connection: any SQLConnection
  ) throws -> Refund? {
    guard let refund = try RefundRecords.load(id, locking: false, in: connection),
      tenant == nil || refund.terms.tenant == tenant
    else { return nil }
    return refund
  }

  /// Refunds in the order in which they were requested: the next `limit` after `id`. Who goes on
  /// behind the last one it got misses none.
  package func refunds(
    tenant: String?, payment: String? = nil, status: RefundStatus? = nil, after id: String?,
    limit: Int, in connection: any SQLConnection
  ) throws -> [Refund] {
    try ReadingOrder.refunds(connection.dialect).rows(
      "refund_id, terms",
      where: [
        ("tenant", .optional(tenant)), ("payment_id", .optional(payment)),
        ("status", .optional(status?.rawValue)),
      ],
      after: id, limit: limit, in: connection
    ).map {
      try RefundRecords.replay($0.text("refund_id"), terms: $0.text("terms"), in: connection)
    }
  }
}
