internal import ArgumentParser
internal import Payments

struct RefundFailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fail",
    abstract: "Ends a refund that no transaction of ours can pay any more.",
    discussion: """
      Only where the chain has finally spent what was to pay it on something else that didn't pay \
      it either, or where it is held and nothing left us: what it took of the payment's receipts \
      may be refunded again then. Whether it was paid in another way nobody but the operator can \
      know; policies don't ask for it again. While a transaction that pays it can be mined it \
      can't be ended: replace that (payctl payout bump), use its nonce up (payctl payout void), or \
      give it up where nobody has signed it (payctl payout cancel).
      """)

  @OptionGroup var decision: RefundDecision

  @Option(help: "Why; it is recorded.")
  var reason: String

  func run() async throws {
    guard (1...PaymentFact.maximumReasonBytes).contains(reason.utf8.count) else {
      throw ValidationError("--reason has 1 to \(PaymentFact.maximumReasonBytes) bytes")
    }
    try await decision.decide(.failed(reason: "\(decision.by): \(reason)"))
  }
}
