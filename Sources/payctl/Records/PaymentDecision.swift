internal import ArgumentParser
internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement
internal import Watching

/// What commands that decide about a payment have in common.
struct PaymentDecision: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The payment: pay_…")
  var payment: String

  @Option(help: "Who decides; it is recorded.")
  var by: String

  func validate() throws {
    try Self.check(by: by)
  }

  /// Whose decisions can be recorded.
  static func check(by: String) throws {
    let limit = PaymentFact.maximumByBytes
    guard (1...limit).contains(by.utf8.count) else {
      throw ValidationError("--by has 1 to \(limit) bytes")
    }
    // The signer reads who requested a refund, and refuses what would garble its words.
    guard by.isPlain else {
      throw ValidationError("--by has no control characters, nor invisible ones")
    }
  }

  /// Records the fact that `fact` makes of the payment as it stands, with its events, and shows
  /// what became of it.
  func decide(_ fact: @escaping @Sendable (Payment) -> PaymentFact) async throws {
    let (id, by) = (payment, by)
    let now = SystemTime().now
    let decided: Payment
    do {
      decided = try await database.run { database in
        try await database.write { connection in
          let service = PaymentService.forDecisions
          let payment = try service.payment(id, tenant: nil, in: connection)
          let fact = fact(payment)
          let decided = try service.decide(fact, on: id, tenant: nil, now: now, in: connection)
          try Operator.author(by: by, for: payment.terms.tenant)
            .note(fact, of: id, now: now, in: connection)
          return decided
        }
      }
    } catch let error as PaymentError {
      throw CommandFailure(error.sentence)
    }
    try PaymentOutput.write(decided, database.format)
  }
}

extension PaymentService {
  /// For what exists already: making payments takes chains and policies, deciding doesn't.
  static let forDecisions = PaymentService(specs: [], policies: [:], region: "")
}

extension PaymentError {
  fileprivate var sentence: String {
    switch self {
    case .notCancelable(let status):
      "a payment that is \(status.rawValue), or has received something, can't be canceled"
    case .nothingToAccept: "nothing has come that could be accepted"
    case .dueTooHigh(let due, let amount):
      "\(due.decimal) is not between 1 and the \(amount.decimal) now due"
    case .notResolvable(let status): "a payment that is \(status.rawValue) can't be resolved"
    case .exceedsReceipts(let amount, let left):
      "\(amount.decimal) is more than the \(left.decimal) left of the final receipts"
    case .unknownRefund(let id): "there is no refund \(id)"
    case .refundExists(let id): "there is a refund \(id) already"
    }
  }
}
