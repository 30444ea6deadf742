internal import ArgumentParser
internal import Bytes
internal import Payments

struct PaymentAcceptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Takes what came, however late or short.",
    discussion: "What is due becomes what came where that is less, or what --due-minor says.")

  @OptionGroup var decision: PaymentDecision

  @Option(help: "What is to be due, in minor units (satoshi).")
  var dueMinor: String?

  func validate() throws {
    guard dueMinor.map({ (try? UInt256(decimal: $0)) != nil }) ?? true else {
      throw ValidationError("--due-minor is a whole number")
    }
  }

  func run() async throws {
    let by = decision.by
    let due = try dueMinor.map { try UInt256(decimal: $0) }
    try await decision.decide { payment in
      let came = payment.status == .resolved ? payment.heldValue : payment.received
      return .accepted(due: due ?? min(came, payment.due), by: by)
    }
  }
}
