internal import Addresses
internal import ChainSim
internal import ChainTypes
internal import Database
internal import Foundation
internal import HTTPClient
internal import LocalServers
internal import NodeRPC
internal import PostgreSQL
internal import SQLite
internal import Tenancy
internal import TokenIssuing
internal import Tokens
internal import Watching

/// `paywatch serve` with all of its roles as a process of its own, as people run it, with one shop
/// and a simulated Bitcoin node, which is in this process.
struct ServedShop {
  let node: SimulatedBitcoinNode
  let port: Int
  let key: APIKey
  /// Tokens of people with these roles.
  let auditor: String
  let finance: String
  /// A URL that takes what webhooks are sent.
  let sink: String
  /// Derived ahead: more than a load takes.
  let readyAddresses: Int
  /// The very one that the server uses, for what is looked up between loads.
  let database: any Database
  private let scratch: ScratchDirectory
  private let postgres: PostgresServer?
  private let simulator: ChainSimServer
  private let program: ServerProcess

  static let shop = "shop"
  static let chain = "bitcoin-regtest"

  /// Whose key nobody here has: `OP_0` and twenty bytes.
  static var foreignAddress: String {
    let script: [UInt8] = [0, 20] + [UInt8](repeating: 7, count: 20)
    let address = BitcoinAddress(
      scriptPubKey: script.span.bytes, network: BitcoinNetwork(.regtest))
    return address?.description ?? ""
  }

  static func start(
    on engine: DurableStore.Engine, chains: URL, readyAddresses: Int,
    sink: String = "http://127.0.0.1:9/"
  ) async throws -> ServedShop {
    let scratch = try ScratchDirectory()
    let directory = URL(filePath: scratch.path)
    let node = SimulatedBitcoinNode(seed: 1, clock: SystemRPCClock()) {
      UInt32(clamping: SystemTime().now.microseconds / 1_000_000)
    }
    try node.mine(300)
    let simulator = try await ChainSimServer.start(node)
    var postgres: PostgresServer?
    var place = "sqlite: paywatch.sqlite"
    if engine == .postgreSQL {
      let server = try await DurableStore.startPostgres(in: scratch)
      postgres = server
      let url = try await server.makeDatabase("shop")
      // A password stands in a file of its own.
      try server.password.write(
        to: directory.appending(path: "password"), atomically: true, encoding: .utf8)
      place = """
        postgresql: { url: "\(url.replacing(":\(server.password)@", with: "@"))", \
        password_file: password }
        """
    }
    let port = try LocalPorts.one()
    let file = directory.appending(path: "paywatch.yaml")
    let secret = "\(UUID().uuidString)\(UUID().uuidString)"
    try secret.write(
      to: directory.appending(path: "token.secret"), atomically: true, encoding: .utf8)
    try configuration(
      database: place, port: port, node: simulator.url, chains: chains,
      readyAddresses: readyAddresses
    ).write(to: file, atomically: true, encoding: .utf8)
    let program = try ServerProcess(
      ServerProcess.Command(
        [try sibling("paywatch"), "serve", "--config", file.path],
        log: directory.appending(path: "log").path))
    let client = try HTTPClient()
    try await program.waitUntilReady(within: .seconds(60)) {
      let request = HTTPRequest(
        method: .get, url: "http://127.0.0.1:\(port)/api/health/ready", headers: [], body: [],
        timeoutMilliseconds: 2_000, maxResponseBytes: 1 << 16)
      return (try? await client.send(request))?.status == 200
    }
    let database: any Database
    if let postgres {
      database = PostgresDatabase(
        options: PostgresOptions(connection: postgres.uri(database: "shop")))
    } else {
      database = try SQLiteDatabase(path: directory.appending(path: "paywatch.sqlite").path)
    }
    let key = APIKey.generate()
    try await database.write {
      try APIKeys.issue(key, tenant: shop, label: "load", now: SystemTime().now, in: $0)
    }
    let issuer = try await TokenIssuer(id: "one", algorithm: .hs256, material: secret)
    func token(_ role: UserRole) throws -> String {
      try issuer.token(
        issuer: login, audience: "paywatch", tenant: shop, subject: role.rawValue, roles: [role],
        now: SystemTime().now, lifetimeSeconds: 86_400)
    }
    return ServedShop(
      node: node, port: Int(port), key: key, auditor: try token(.auditor),
      finance: try token(.finance), sink: sink, readyAddresses: readyAddresses,
      database: database, scratch: scratch, postgres: postgres, simulator: simulator,
      program: program)
  }

  func close() async {
    try? await database.close()
    await program.stop()
    await simulator.stop()
    await postgres?.stop()
  }

  /// A program that stands beside this one.
  private static func sibling(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = URL(filePath: own).deletingLastPathComponent().appending(path: name).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw BenchmarkFailure("\(path) is missing: build it as this program was built")
    }
    return path
  }

  private static let login = "https://login.example"

  private static func configuration(
    database: String, port: UInt16, node: String, chains: URL, readyAddresses: Int
  ) -> String {
    // The receiving account of BIP-0084's published words on test networks.
    let descriptor =
      "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWb"
      + "Vm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"
    return """
      region: load
      listen: { host: 127.0.0.1, port: \(port) }
      log_level: warning
      database: { \(database) }
      authentication:
        jwt:
          issuer: \(login)
          audience: paywatch
          keys: [{ id: one, algorithm: HS256, file: token.secret }]
      webhooks: { allow_http: true, allow_private_hosts: true }
      prices: { pairs: [BTC-USD], fixed: { BTC-USD: "50000" } }
      address_pool: { ready: \(readyAddresses) }
      chains_directory: "\(chains.path)"
      chains:
        - name: \(chain)
          nodes: [{ name: simulated, url: "\(node)" }]
      tenants:
        - id: \(shop)
          accounts: [{ family: bitcoin, descriptor: "\(descriptor)" }]
          policies:
            refunds: { approvals: 1 }
            expiry_seconds: { default: 3600, min: 60, max: 86400 }
      """
  }
}
