internal import ArgumentParser
internal import Database
internal import Settlement

struct RefundShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a refund with what was decided and done.")

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The refund: ref_…")
  var refund: String

  func run() async throws {
    let id = refund
    let refund = try await RefundOutput.refusing {
      try await database.run { database in
        try await database.read { connection in
          guard
            let refund = try RefundService.forDecisions.refund(id, tenant: nil, in: connection)
          else { throw RefundRefusal.notFound(id) }
          return refund
        }
      }
    }
    try RefundOutput.write(refund, database.format)
  }
}
