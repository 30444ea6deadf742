internal import ArgumentParser
internal import Audit
internal import ChainTypes
internal import Database
internal import JSON
internal import Settlement
internal import Watching

struct ChainResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Lets a halted chain credit again, once a person has understood why it halted.",
    discussion: """
      A chain halts where its nodes took back what counted as final. Look at the nodes first. \
      The decision is recorded as the event chain.resumed; a running watcher goes on by itself.
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The chain, such as bitcoin.")
  var chain: String

  @Option(help: "Who decides; it is recorded.")
  var by: String

  @Flag(help: "Really do it; else only the reason of the halt is shown.")
  var confirm = false

  func validate() throws { try PaymentDecision.check(by: by) }

  func run() async throws {
    guard let name = ChainName(chain) else { throw CommandFailure("there is no chain \(chain)") }
    let (by, confirm) = (by, confirm)
    let now = SystemTime().now
    let halt = try await database.run { database in
      guard confirm else {
        return try await database.read { try Self.cursor(of: name, in: $0).halt }
      }
      return try await database.write { connection in
        _ = try Self.cursor(of: name, in: connection)
        let halt = try ChainResumption.resume(name, by: by, now: now, in: connection)
        if let halt {
          try Operator.author(by: by, for: nil).note(
            "chain.resume", of: name.text, ["halt": .string(halt)], now: now, in: connection)
        }
        return halt
      }
    }
    guard let halt else { throw CommandFailure("\(chain) isn't halted") }
    guard confirm else {
      throw CommandFailure("\(chain) is halted: \(halt). Resume it with --confirm")
    }
    try Answers.write(
      ["chain": chain, "resumed_from": halt], database.format,
      table: [("chain", chain), ("resumed from", halt)])
  }

  private static func cursor(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> ChainCursor {
    guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else {
      throw CommandFailure("the database knows no chain \(chain)")
    }
    return cursor
  }
}
