internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
package import Payments

// Making payments.
//
// What a creation usually needs is known beforehand: its address is set aside, its event is its
// subject's first. So it writes without asking; unique keys and conditions in the statements refuse
// what can't be. Only when they do is there a second transaction, which asks why, and tells.
extension PaymentService {
  /// Runs `body`, which makes a payment in a transaction of its own, with an address that this
  /// process has set aside. Where something speaks against it, and where no address is at hand,
  /// `body` runs with nil: it asks then for all it needs, the idempotency key first.
  package func withAddress<Value>(
    for request: PaymentRequest, now: Timestamp, on database: any Database,
    _ body: (ReadyAddress?) async throws -> Value
  ) async throws -> Value {
    let source = specs[request.chain].map {
      AddressSource(tenant: request.tenant, family: $0.family.name, region: region)
    }
    if let source, let address = await takeReserved(source, now: now, on: database) {
      do {
        return try await body(address)
      } catch DatabaseError.unexpectedRowCount {
        // Somebody has it, or it was paid already. Should it be free after all, it is again for
        // everyone when the reservation ends.
      } catch let error {
        reserve.giveBack(address, to: source, now: now)
        let isRefusal =
          error is PaymentRefusal || (error as? DatabaseError)?.isConstraintViolation == true
        guard isRefusal else { throw error }
      }
    }
    for _ in 0..<3 {
      do {
        return try await body(nil)
      } catch let error as DatabaseError where error.isRivalry {
        // Another one was faster between the question and the statement.
      }
    }
    return try await body(nil)
  }

  /// Makes a payment with an address of its own.
  ///
  /// - Parameter address: one that was set aside: then nothing is asked, and what speaks against
  ///   the payment is `DatabaseError.uniqueViolation` or `.unexpectedRowCount`
  package func create(
    _ request: PaymentRequest, at address: ReadyAddress? = nil, now: Timestamp,
    random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> Payment {
    try createDocumented(request, at: address, now: now, random: random, in: connection).payment
  }

  /// The same, with the payment's document, which is written on the way.
  package func createDocumented(
    _ request: PaymentRequest, at address: ReadyAddress? = nil, now: Timestamp,
    random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> (payment: Payment, document: String) {
    guard let spec = specs[request.chain] else {
      throw PaymentRefusal.unknownChain(request.chain.text)
    }
    guard let policy = policies[request.tenant] else {
      throw PaymentRefusal.tenantNotConfigured(request.tenant)
    }
    guard spec.isCredited else { throw PaymentRefusal.chainNotCredited(spec.name.text) }
    let asset = request.asset ?? spec.asset
    guard let listed = spec.listed(asset) else {
      throw PaymentRefusal.unknownAsset(asset.symbol, chain: spec.name.text)
    }
    // A tolerance that would waive all of a small amount is none.
    let usual = policy.tolerance[asset] ?? .zero
    let tolerance = request.tolerance ?? (usual < request.amount ? usual : .zero)
    if let quote = request.quote, quote.validUntil < now {
      throw PaymentRefusal.quoteExpired(quote.validUntil)
    }
    let expiries = policy.expiries(of: request.quote)
    let expiry = request.expiresInSeconds ?? min(policy.expirySeconds, expiries.upperBound)
    guard expiries.contains(expiry) else { throw PaymentRefusal.expiryOutOfRange(expiries) }
    try check(request, spec: spec, listed: listed, tolerance: tolerance)
    let refundAddress = try request.refundAddress.map {
      try RefundService.checked(address: $0, asset: asset, on: spec)
    }
    let address = try address ?? readyAddress(for: request, spec: spec, in: connection)
    let id = try ReadingOrder.payments(connection.dialect).newID(
      tenant: request.tenant, now: now, random: random, in: connection)
    // First of all: it fails soonest, and gives the transaction its number in PostgreSQL.
    try AddressRecords.take(
      address, family: spec.family.name, chain: spec.name, payment: id, in: connection)
    let due = Amount(minorUnits: request.amount, asset: asset)
    let expiresAt = now.adding(seconds: expiry)
    let terms = PaymentTerms(
      id: id, tenant: request.tenant, orderID: request.orderID, chain: request.chain,
      chainID: spec.family.chainID, asset: asset, amount: request.amount, tolerance: tolerance,
      createdAt: now, expiresAt: expiresAt,
      confirmations: confirmations(for: due, on: spec, policy: policy),
      finality: spec.finalityDepth, latePolicy: policy.late, ordinal: address.ordinal,
      address: address.text, region: region, metadata: request.metadata,
      refundAddress: refundAddress, shortPolicy: policy.short, overPolicy: policy.over,
      quote: request.quote?.holding(until: expiresAt))
    let payment = Payment(terms: terms)
    return (payment, try PaymentRecords.insert(payment, now: now, in: connection))
  }

  private func confirmations(
    for due: Amount, on spec: ChainSpec, policy: TenantPolicy
  ) -> UInt32 {
    // Only the cap on the amount lets the mempool count as paid; no tier or depth of 0 does. What
    // an EVM chain's node has pending proves nothing.
    if case .bitcoin = spec.family,
      due.minorUnits <= policy.zeroConfirmationMaximum[due.asset] ?? .zero
    {
      return 0
    }
    let depth = policy.confirmations ?? spec.confirmations(for: due)
    return max(1, min(depth, spec.finalityDepth))
  }

  private func check(
    _ request: PaymentRequest, spec: ChainSpec, listed: ListedAsset, tolerance: UInt256
  ) throws {
    guard (1...Self.maximumOrderIDBytes).contains(request.orderID.utf8.count),
      !request.orderID.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
    else { throw PaymentRefusal.invalidOrderID }
    let minimum = max(listed.dustLimit, .one)
    guard request.amount >= minimum else {
      throw PaymentRefusal.amountTooSmall(minimum: minimum)
    }
    let maximum = spec.family.largestAmount
    guard request.amount <= maximum else {
      throw PaymentRefusal.amountTooLarge(maximum: maximum)
    }
    let limit = listed.creditLimits.largestPayment(at: trust[spec.name] ?? [])
    if let limit, request.amount > limit {
      throw PaymentRefusal.aboveCreditLimit(maximum: limit)
    }
    guard tolerance < request.amount else { throw PaymentRefusal.toleranceTooLarge }
    guard (request.metadata?.utf8.count ?? 0) <= Self.maximumMetadataBytes else {
      throw PaymentRefusal.metadataTooLong(maximumBytes: Self.maximumMetadataBytes)
    }
    guard request.metadata.map(CanonicalJSON.isObject) ?? true else {
      throw PaymentRefusal.invalidMetadata
    }
  }

  /// Asks for all that a payment needs, and for what speaks against it.
  private func readyAddress(
    for request: PaymentRequest, spec: ChainSpec, in connection: any SQLConnection
  ) throws -> ReadyAddress {
    let holder = try connection.queryFirst(
      "SELECT payment_id FROM payments WHERE tenant = $1 AND order_id = $2 AND holds_order = 1",
      [.text(request.tenant), .text(request.orderID)])
    if let holder { throw PaymentRefusal.orderHasPayment(try holder.text("payment_id")) }
    let barrier = try AddressBarrier(
      family: spec.family.name, chains: specs.values, in: connection)
    if let reason = barrier.halts[spec.name] {
      throw PaymentRefusal.chainHalted(spec.name.text, reason: reason)
    }
    let source = AddressSource(tenant: request.tenant, family: spec.family.name, region: region)
    guard
      let address = try AddressRecords.free(of: source, through: barrier.through, in: connection)
    else { throw PaymentRefusal.noAddressReady(chain: spec.name.text) }
    return address
  }

  /// The next address of this process's reserve, which is filled on the way where it runs low.
  private func takeReserved(
    _ source: AddressSource, now: Timestamp, on database: any Database
  ) async -> ReadyAddress? {
    if reserve.wantsFilling(source, now: now) {
      let (specs, size) = (specs, reserve.size)
      let found = try? await database.groupedWrite { connection -> [ReadyAddress] in
        let barrier = try AddressBarrier(
          family: source.family, chains: specs.values, in: connection)
        return try AddressRecords.reserve(
          size, of: source, through: barrier.through, in: connection)
      }
      // Where that failed, whoever finds the shelf empty asks for itself, and hears of it.
      reserve.fill(source, with: found ?? [], now: now)
    }
    return await reserve.take(source)
  }
}

/// How far all watchers of a family have come: addresses above are watched by some only. And which
/// of its chains are halted, with the reasons.
private struct AddressBarrier {
  let through: UInt64
  let halts: [ChainName: String]

  init(
    family: String, chains: some Sequence<ChainSpec>, in connection: any SQLConnection
  ) throws {
    var watched: [ChainName: UInt64] = [:]
    var halts: [ChainName: String] = [:]
    let rows = try connection.query(
      "SELECT chain, addresses_through, halt FROM chains WHERE family = $1", [.text(family)])
    for row in rows {
      let chain = try row.chain("chain")
      watched[chain] = try row.ordinal("addresses_through")
      halts[chain] = try row.optionalText("halt")
    }
    // A chain whose watcher has never run watches nothing.
    through =
      chains.filter { $0.family.name == family }.map { watched[$0.name] ?? 0 }.min() ?? 0
    self.halts = halts
  }
}

extension DatabaseError {
  /// Whether another transaction's doing may be what speaks against this one.
  fileprivate var isRivalry: Bool {
    if case .unexpectedRowCount = self { return true }
    return isConstraintViolation
  }
}
