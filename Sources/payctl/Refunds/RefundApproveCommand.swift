internal import ArgumentParser
internal import Payments

struct RefundApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approves a refund that somebody else requested.",
    discussion: "Once as many people as the tenant's policy wants have, it can be paid.")

  @OptionGroup var decision: RefundDecision

  func run() async throws { try await decision.decide(.approved(by: decision.by)) }
}
