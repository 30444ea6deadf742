internal import ArgumentParser
internal import Payments

struct RefundAcceptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "Takes a refund for paid of which less arrived than was sent.",
    discussion: """
      Only one that is held: its transaction is final, and by the token's own logs less came to \
      its address than it was to be (a fee that the token takes), or nothing. All of its amount \
      stays taken of the payment's receipts; what is missing can be sent as another refund, where \
      something of them is left.
      """)

  @OptionGroup var decision: RefundDecision

  func run() async throws {
    try await decision.decide(.accepted(by: decision.by))
  }
}
