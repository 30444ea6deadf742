internal import ArgumentParser
internal import Audit
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement
internal import Watching

/// What commands that decide about a refund have in common.
struct RefundDecision: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The refund: ref_…")
  var refund: String

  @Option(help: "Who decides; it is recorded.")
  var by: String

  func validate() throws {
    try PaymentDecision.check(by: by)
  }

  /// Records the fact, with its events, and shows what became of the refund.
  func decide(_ fact: RefundFact) async throws {
    let (id, by, now) = (refund, by, SystemTime().now)
    let decided = try await RefundOutput.refusing {
      try await database.run { database in
        try await database.write { connection in
          let refund = try RefundService.forDecisions.decide(
            fact, on: id, tenant: nil, now: now, in: connection)
          try Operator.author(by: by, for: refund.terms.tenant)
            .note(fact, of: id, now: now, in: connection)
          return refund
        }
      }
    }
    try RefundOutput.write(decided, database.format)
  }
}

extension RefundService {
  /// For what exists already: requesting takes chains and policies, deciding doesn't.
  static let forDecisions = RefundService(specs: [], policies: [:])
}
