internal import Foundation
internal import Synchronization

/// A PostgreSQL server of this machine with its data in a directory of its own, listening on
/// 127.0.0.1 only, gone with this process.
package final class PostgresServer: Sendable {
  package struct Options: Sendable {
    /// Whether commits wait for the disk. Without it a killed server process loses nothing, but
    /// a machine without power does.
    package var syncsToDisk = false
    /// More of the server's settings, such as `deadlock_timeout`.
    package var settings: [String: String] = [:]
    /// Where its tables are kept; beside its other files where nil.
    package var dataDirectory: String?
    /// What it shows of itself over TLS, without which it then takes no connections.
    package var certificate: LocalCertificate?

    package init() {}
  }

  /// How it is shut down.
  package enum Shutdown: Sendable {
    /// Ends sessions, then writes everything out.
    case fast
    /// Ends at once; the next start recovers from the log, as after a crash.
    case immediate

    var signal: ServerProcess.Signal {
      switch self {
      case .fast: .interrupt
      case .immediate: .quit
      }
    }
  }

  /// The owner of the cluster.
  package static let user = "postgres"
  package let port: UInt16
  package let password: String
  private let installation: PostgresInstallation
  private let directory: String
  private let options: Options
  private let process: Mutex<ServerProcess>

  private init(
    installation: PostgresInstallation, directory: String, port: UInt16, password: String,
    options: Options, process: ServerProcess
  ) {
    self.installation = installation
    self.directory = directory
    self.port = port
    self.password = password
    self.options = options
    self.process = Mutex(process)
  }

  /// Makes a new cluster in `directory`, which is created where it's missing, and starts a server
  /// on it; returns once it answers.
  package static func start(
    directory: String, options: Options = Options()
  ) async throws -> PostgresServer {
    let installation = try PostgresInstallation.find()
    let port = try LocalPorts.one()
    let password = UUID().uuidString
    try installation.prepare(directory)
    if let data = options.dataDirectory { try installation.prepare(data) }
    try await initialize(directory, installation, options, password: password)
    if let certificate = options.certificate {
      // The server takes no key that others may read.
      let key = try String(contentsOfFile: certificate.key, encoding: .utf8)
      try installation.write(key, to: directory + "/tls.key")
      let shown = try String(contentsOfFile: certificate.certificate, encoding: .utf8)
      try installation.write(shown, to: directory + "/tls.crt")
      try installation.write(
        "hostssl all all 127.0.0.1/32 scram-sha-256\n", to: directory + "/hba.conf")
    }
    let process = try launch(directory, installation, options, port: port)
    let server = PostgresServer(
      installation: installation, directory: directory, port: port, password: password,
      options: options, process: process)
    try await server.waitUntilReady()
    return server
  }

  package var isRunning: Bool { process.withLock { $0 }.isRunning }

  /// Sends a signal to the server's first process, which its others depend on.
  package func send(_ signal: ServerProcess.Signal) { process.withLock { $0 }.send(signal) }

  package func stop(_ shutdown: Shutdown = .fast) async {
    await process.withLock { $0 }.stop(shutdown.signal)
  }

  /// Starts the stopped server again, on the same port and data.
  package func start() async throws {
    let new = try Self.launch(directory, installation, options, port: port)
    process.withLock { $0 = new }
    try await waitUntilReady()
  }

  package func restart(_ shutdown: Shutdown = .fast) async throws {
    await stop(shutdown)
    try await start()
  }

  package func logTail() -> String { process.withLock { $0 }.logTail() }

  // MARK: Databases

  /// Creates an empty database, or a copy of `template` to which nobody is connected; its
  /// connection URI, password included.
  ///
  /// - Parameter owner: in whose name the URI is; a role that isn't there yet becomes one which may
  ///   make roles and is no superuser, with the server's password
  package func makeDatabase(
    _ name: String, owner: String = user, template: String = "template0"
  ) async throws -> String {
    if owner != Self.user {
      // Others may ask for it at the same time.
      try await run(
        """
        DO $$ BEGIN
          CREATE ROLE "\(owner)" LOGIN CREATEROLE PASSWORD '\(password)';
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """)
    }
    // Text sorts by its bytes everywhere, as in the program. Copying files beats the log for small
    // databases where nobody waits for the disk.
    try await run(
      """
      CREATE DATABASE "\(name)" OWNER "\(owner)" TEMPLATE "\(template)" ENCODING 'UTF8' LOCALE 'C'
      STRATEGY \(options.syncsToDisk ? "wal_log" : "file_copy")
      """)
    return uri(database: name, user: owner)
  }

  /// Drops a database and ends its sessions.
  package func dropDatabase(_ name: String) async throws {
    try await run("DROP DATABASE IF EXISTS \"\(name)\" WITH (FORCE)")
  }

  package func uri(database: String, user: String = user) -> String {
    "postgresql://\(user):\(password)@127.0.0.1:\(port)/\(database)"
  }

  /// Runs a statement as the owner in `database` through `psql`.
  @discardableResult
  package func run(_ sql: String, database: String = "postgres") async throws -> String {
    try await installation.run(
      "psql",
      [
        "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1",
        "--dbname", uri(database: database), "--command", sql,
      ])
  }

  // MARK: Starting

  private static func dataDirectory(_ directory: String, _ options: Options) -> String {
    (options.dataDirectory ?? directory) + "/data"
  }

  private static func initialize(
    _ directory: String, _ installation: PostgresInstallation, _ options: Options, password: String
  ) async throws {
    let file = directory + "/password"
    try installation.write(password + "\n", to: file)
    defer { try? FileManager.default.removeItem(atPath: file) }
    try await installation.run(
      "initdb",
      [
        "--pgdata", dataDirectory(directory, options), "--username", user, "--pwfile", file,
        "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync",
        "--no-instructions",
      ], asOwner: true)
  }

  private static func launch(
    _ directory: String, _ installation: PostgresInstallation, _ options: Options, port: UInt16
  ) throws -> ServerProcess {
    let sync = options.syncsToDisk ? "on" : "off"
    // A socket's path has at most 107 bytes (sys/un.h).
    let sockets = directory.utf8.count < 80 ? directory : ""
    var settings = [
      "listen_addresses": "127.0.0.1", "port": String(port),
      "unix_socket_directories": sockets, "fsync": sync, "full_page_writes": sync,
      "max_connections": "200", "logging_collector": "off", "log_destination": "stderr",
      "timezone": "UTC", "log_timezone": "UTC", "jit": "off",
    ]
    if options.certificate != nil {
      settings["ssl"] = "on"
      settings["ssl_cert_file"] = directory + "/tls.crt"
      settings["ssl_key_file"] = directory + "/tls.key"
      settings["hba_file"] = directory + "/hba.conf"
    }
    settings.merge(options.settings) { $1 }
    var command = ServerProcess.Command(
      installation.asOwner(
        [installation.program("postgres"), "-D", dataDirectory(directory, options)]
          + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }),
      log: directory + "/postgres.log")
    command.stopSignal = .quit
    command.environment = ["LC_ALL": "C"]
    return try ServerProcess(command)
  }

  private func waitUntilReady() async throws {
    let (installation, port) = (installation, port)
    try await process.withLock { $0 }.waitUntilReady {
      let answer = try? await installation.run(
        "pg_isready", ["--quiet", "--host", "127.0.0.1", "--port", String(port)])
      return answer != nil
    }
  }
}
