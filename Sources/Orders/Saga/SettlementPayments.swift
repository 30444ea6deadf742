internal import Bytes
package import ChainTypes
package import Database
internal import Payments
package import Settlement

/// Settlement's payments, asked in this process.
package struct SettlementPayments: PaymentRequesting {
  let database: any Database
  let service: PaymentService
  let now: @Sendable () -> Timestamp
  /// Called after a transaction that appended events.
  let onEvents: @Sendable () -> Void
  /// Called where no address was ready.
  let onAddressesNeeded: @Sendable () -> Void
  /// For payments' ids.
  let random: @Sendable () -> (UInt64, UInt64)

  package init(
    database: any Database, service: PaymentService, now: @escaping @Sendable () -> Timestamp,
    onEvents: @escaping @Sendable () -> Void, onAddressesNeeded: @escaping @Sendable () -> Void,
    random: @escaping @Sendable () -> (UInt64, UInt64) = Self.systemRandom
  ) {
    self.database = database
    self.service = service
    self.now = now
    self.onEvents = onEvents
    self.onAddressesNeeded = onAddressesNeeded
    self.random = random
  }

  package static let systemRandom: @Sendable () -> (UInt64, UInt64) = {
    var generator = SystemRandomNumberGenerator()
    return (generator.next(), generator.next())
  }

  package func request(_ request: RequestPayment) async throws -> RequestPaymentReply {
    let choice = request.choice
    let wanted = PaymentRequest(
      tenant: request.tenant, orderID: request.order, chain: choice.chain, asset: choice.asset,
      amount: choice.amount, expiresInSeconds: choice.expiresInSeconds,
      refundAddress: choice.refundAddress, quote: choice.quote)
    do {
      let payment = try await payment(wanted)
      onEvents()
      let terms = payment.terms
      guard terms.chain == choice.chain, terms.asset == choice.asset,
        terms.amount == choice.amount
      else { return .refused(reason: "\(terms.id) has the order's id, on other terms") }
      return .requested(
        RequestedPayment(
          id: terms.id, address: terms.address, uri: PaymentDocument.uri(of: payment),
          expiresAt: terms.expiresAt))
    } catch let refusal as PaymentRefusal {
      switch refusal {
      case .noAddressReady:
        onAddressesNeeded()
        return .unavailable(reason: "\(refusal)")
      case .chainHalted: return .unavailable(reason: "\(refusal)")
      default: return .refused(reason: "\(refusal)")
      }
    } catch let refusal as RefundRefusal {
      // The address for refunds.
      return .refused(reason: "\(refusal)")
    }
  }

  /// The payment that the order has, whatever became of it, or else a new one.
  private func payment(_ wanted: PaymentRequest) async throws -> Payment {
    let (service, now, random) = (service, now(), random())
    return try await service.withAddress(for: wanted, now: now, on: database) { address in
      try await database.groupedWrite(as: wanted.tenant) { connection in
        let known = try service.payment(
          ofOrder: wanted.orderID, tenant: wanted.tenant, in: connection)
        if let known {
          // Gives the address back, and asks again without one.
          guard address == nil else { throw PaymentRefusal.orderHasPayment(known.terms.id) }
          return known
        }
        return try service.create(
          wanted, at: address, now: now, random: random, in: connection)
      }
    }
  }

  package func withdraw(_ request: WithdrawPayment) async throws {
    let (service, now) = (service, now())
    do {
      try await database.groupedWrite(as: request.tenant) { connection in
        _ = try service.decide(
          .canceled(by: "order:\(request.order)"), on: request.payment, tenant: request.tenant,
          now: now, in: connection)
      }
      onEvents()
    } catch PaymentError.notCancelable {
      // It has ended, or money has come: the order hears of that.
    }
  }
}
