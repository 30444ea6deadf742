internal import ArgumentParser
internal import Settlement

struct PayoutVoidCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "void",
    abstract:
      "EVM chains: makes a transaction that uses up the nonce of one that isn't to be mined.",
    discussion: """
      It moves nothing, for a higher fee than the other's, and at most one of them is ever mined: \
      what the account made later waits for neither then. Once it is final the other is replaced \
      and its refund failed, which can be requested again; should the other be mined after all, it \
      pays its refund as if nothing had been made here. What nobody has signed, and has no later \
      nonce behind it, is rather given up (payctl payout cancel).
      """)

  @OptionGroup var options: PayoutOptions

  @Argument(help: "The transaction's id, out_….")
  var id: String

  @Option(help: "Where the file for the signer goes.", completion: .file())
  var out: String

  func run() async throws {
    try PayoutDesk.checkFree(out)
    try await options.run("payout.void", of: id) { desk in
      let made = try await desk.ethereum().void(
        id, tenant: desk.tenant, now: desk.now, random: PayoutDesk.random)
      try await PayoutLines.finish([made], out, desk)
    }
  }
}
