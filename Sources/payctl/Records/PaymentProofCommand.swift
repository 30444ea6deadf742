internal import ArgumentParser
internal import Bytes
internal import Database
internal import Settlement

struct PaymentProofCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proof",
    abstract: "Prints the proofs that a payment's transactions are in blocks, and checks them.",
    discussion: """
      Prints what GET /v1/payments/{id}/proof answers, one JSON object a page, and checks it as \
      anyone can. On Bitcoin: from the transaction's bytes to its txid, with the branch to the \
      merkle root, and from the header to the block's hash and its work. On EVM chains: by the \
      tries' branches to the transaction, its receipt and, for what calls moved, the balances, \
      and from the header to the block's hash. That this block is in the active \
      chain isn't shown by it: compare its hash with a source you trust. Where a proof fails the \
      exit code is 1. A transaction in no block, or recorded before proofs were kept, has none.
      """)

  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: String

  @Argument(help: "The payment: pay_…")
  var payment: String

  /// How many transactions a page has at most.
  private static let pageLimit = 100

  func run() async throws {
    try await OpenDatabase.run(database) { database in try await printProofs(of: database) }
  }

  private func printProofs(of database: any Database) async throws {
    let id = payment
    var check = ProofCheck()
    var after: Hash32?
    repeat {
      let start = after
      let page = try await database.read { connection in
        try PaymentService.forDecisions.proof(
          of: id, tenant: nil, after: start, limit: Self.pageLimit, in: connection)
      }
      let text = try page.json()
      try Answers.writeLines(texts: [text])
      try check.run(text)
      after = page.lastTxid
    } while after != nil
    let unproved = check.unproved.count
    StandardError.writeLine(
      "\(check.proved.count) proved" + (unproved == 0 ? "" : ", \(unproved) without a proof"))
  }
}
