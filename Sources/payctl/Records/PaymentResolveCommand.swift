internal import ArgumentParser
internal import Payments

struct PaymentResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Closes a payment that isn't paid, such as for a refund or a write-off.")

  @OptionGroup var decision: PaymentDecision

  @Option(help: "Why; it is recorded.")
  var reason: String

  func validate() throws {
    let limit = PaymentFact.maximumReasonBytes
    guard (1...limit).contains(reason.utf8.count) else {
      throw ValidationError("--reason has 1 to \(limit) bytes")
    }
  }

  func run() async throws {
    let (by, reason) = (decision.by, reason)
    try await decision.decide { _ in .resolved(by: by, reason: reason) }
  }
}
