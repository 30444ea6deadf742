internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Deployment
internal import Foundation
internal import HTTPClient
internal import HTTPServer
internal import Logging
internal import Settings
internal import Telemetry
internal import Tenancy
internal import Watching

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Simulated chains, the whole pipeline, and payments that meet everything.",
    discussion: """
      Everything runs on 127.0.0.1 and in a temporary directory; the coins are worth nothing. The \
      chains are simulated, with valid blocks behind Bitcoin Core's and geth's JSON-RPC; the rest \
      is what `paywatch serve` runs.
      """)

  @Flag(help: "Leave everything running afterwards, until Ctrl-C.")
  var stay = false

  @Option(help: "The directory that holds the chains' descriptions.")
  var chains = "chains"

  @Flag(help: "Spread over processes on PostgreSQL, Kafka and Redis, two of which are killed.")
  var distributed = false

  func run() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "paywatch-demo-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    StructuredLogHandler.bootstrap(level: .warning)
    let (stay, chains, distributed) = (stay, chains, distributed)
    try await untilTerminated {
      if distributed {
        try await DistributedDemo(directory: directory, chains: chains).run()
      } else {
        try await Self.run(in: directory, chains: chains, stay: stay)
      }
    }
  }

  private static func run(in directory: URL, chains: String, stay: Bool) async throws {
    let nodes = try await DemoNodes.start(in: directory)
    do {
      try await Demo(nodes: nodes, directory: directory, chains: chains, stay: stay).serve()
    } catch {
      await nodes.stop()
      throw error
    }
    await nodes.stop()
  }
}

/// The embedded demo: the nodes, and the pipeline that watches them.
private struct Demo {
  let nodes: DemoNodes
  let directory: URL
  let chains: String
  let stay: Bool

  /// Serves as `paywatch serve` does, from a configuration file, while the story is told.
  func serve() async throws {
    let file = directory.appending(path: "paywatch.yaml").path
    try DemoConfiguration.embedded(nodes, chains: chains).write(
      toFile: file, atomically: true, encoding: .utf8)
    let plan = try Plan(file: file)
    let path = directory.appending(path: "paywatch.sqlite").path
    let database = try plan.configuration.database.opened()
    let (phones, hook) = (CustomerPhones(), ShopHook())
    let pipeline = try await Pipeline(
      plan: plan, roles: Set(Role.allCases), database: database, metrics: MetricsRegistry(),
      pushes: [phones])
    let key = APIKey.generate()
    try await database.write { connection in
      try APIKeys.issue(
        key, tenant: "demo", label: "demo", now: SystemTime().now, in: connection)
    }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let (hooks, hookListening) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await pipeline.run { listening.yield($0) } }
      group.addTask { try await hook.serve(database) { hookListening.yield() } }
      group.addTask {
        guard let port = await ports.first(where: { _ in true }),
          await hooks.first(where: { _ in true }) != nil
        else { return }
        let api = DemoAPI(
          client: try HTTPClient(), url: "http://127.0.0.1:\(port)", key: key.text)
        Console.print(
          "paywatch serve: \(api.url), SQLite, JSON-RPC at \(nodes.url) and \(nodes.ethereumURL)")
        try await tell(
          api, Treasurer(plan.configuration.chains, database: database), hook, phones)
        guard stay else { return }
        Console.print(
          """

          Everything goes on until Ctrl-C. In another terminal:
            curl -N -H 'Authorization: Bearer \(key.text)' -H 'Accept: text/event-stream' \\
              '\(api.url)/v1/events'
            curl \(api.url)/openapi.json
            swift run payctl payment list --database \(path)
          Blocks and payments on demand (the node's cookie is \(directory.path)/cookie):
            curl -u "$(cat \(directory.path)/cookie)" \(nodes.url) \\
              -d '{"id":1,"method":"sim.pay","params":["ADDRESS",100000]}'
            curl -u "$(cat \(directory.path)/cookie)" \(nodes.url) -d '{"id":1,"method":"sim.mine","params":[1]}'
          """)
        try await Task.sleep(for: .seconds(Int64(Int32.max)))
      }
      defer { group.cancelAll() }
      try await group.next()
    }
    try await database.close()
  }

  private func tell(
    _ api: DemoAPI, _ treasurer: Treasurer, _ hook: ShopHook, _ phones: CustomerPhones
  ) async throws {
    let teller = Teller(api: api)
    let story = Story(
      api: api, node: nodes.bitcoin, teller: teller, network: BitcoinNetwork(.regtest))
    let ethereumStory = EthereumStory(api: api, node: nodes.ethereum, teller: teller)
    try await CoffeeStory(
      bitcoin: story, ethereum: ethereumStory, treasurer: treasurer, hook: hook, phones: phones
    ).run()
    try await story.run()
    try await ethereumStory.run()
    try await MoneyOutStory(bitcoin: story, ethereum: ethereumStory, treasurer: treasurer).run()
    Console.print("\nWhat became of them")
    for payment in try await api.payments() {
      let transfers = payment.transfers.map(\.state).joined(separator: ", ")
      let columns = [
        await teller.name(of: payment.orderId), payment.status,
        "\(payment.received) of \(payment.amount) \(payment.asset)", transfers,
      ]
      Console.print(
        "   "
          + zip(columns, [13, 10, 50, 0]).map { text, width in
            text + String(repeating: " ", count: max(0, width - text.count))
          }.joined())
    }
  }
}
