internal import ArgumentParser
internal import Orders
internal import Watching

struct OrdersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orders", abstract: "Looks after orders.", subcommands: [Rebuild.self])

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the rows of all orders again from their facts.",
      discussion: """
        An order is what its recorded facts make of it; lists and answers are read from a row that \
        was made of them. Rows that are missing or differ are written anew, with the orders' \
        timers. paywatch may run meanwhile.
        """)

    @OptionGroup var options: RebuildOptions

    func run() async throws {
      try await options.run("orders") { database, writing in
        try await OrderService(database: database).rebuild(
          writing: writing, now: SystemTime().now)
      }
    }
  }
}
