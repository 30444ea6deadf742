internal import Foundation

/// An Ethereum client of this machine as a development chain of its own, answering on 127.0.0.1
/// only, gone with this process. What it mines, it mines as soon as a transaction can be executed.
package final class EthereumClient: Sendable {
  /// The clients that can be started so.
  package enum Kind: String, CaseIterable, Sendable, CustomStringConvertible {
    case geth, anvil, reth

    package var description: String { rawValue }

    /// What starts it, but for the program: flags of geth 1.17, anvil 1.7 and reth 1.9.
    func arguments(port: UInt16, directory: String) -> [String] {
      switch self {
      case .geth:
        // In memory as long as no data directory is named; the other two ports are any.
        [
          "--dev", "--dev.gaslimit", "30000000", "--http", "--http.addr", "127.0.0.1",
          "--http.port", String(port), "--http.api", "eth,net,web3,debug", "--nodiscover",
          "--maxpeers", "0", "--port", "0", "--authrpc.port", "0", "--ipcdisable",
        ]
      case .anvil:
        ["--host", "127.0.0.1", "--port", String(port), "--chain-id", "31337"]
      case .reth:
        [
          "node", "--dev", "--datadir", directory, "--http", "--http.addr", "127.0.0.1",
          "--http.port", String(port), "--http.api", "eth,net,web3,debug",
          "--disable-discovery", "--port", "0", "--authrpc.port", "0", "--ipcdisable",
          "--color", "never",
        ]
      }
    }

    /// Where the program stands on a PATH.
    package func program(
      on path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) -> String? {
      path.split(separator: ":").map { "\($0)/\(rawValue)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
  }

  package let kind: Kind
  /// Where it answers JSON-RPC over HTTP.
  package let url: String
  private let process: ServerProcess

  private init(kind: Kind, url: String, process: ServerProcess) {
    self.kind = kind
    self.url = url
    self.process = process
  }

  /// Starts a client; returns once it takes connections.
  ///
  /// - Parameters:
  ///   - program: its path
  ///   - directory: for its files and its log
  package static func start(
    _ kind: Kind, program: String, directory: String
  ) async throws -> EthereumClient {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let port = try LocalPorts.one()
    var command = ServerProcess.Command(
      [program] + kind.arguments(port: port, directory: "\(directory)/data"),
      log: "\(directory)/\(kind).log")
    // geth keeps the key of its account in a temporary directory.
    command.environment["TMPDIR"] = directory
    let process = try ServerProcess(command)
    do {
      try await process.waitUntilReady { LocalPorts.accepts(port) }
    } catch {
      await process.stop()
      throw error
    }
    return EthereumClient(kind: kind, url: "http://127.0.0.1:\(port)", process: process)
  }

  package var isRunning: Bool { process.isRunning }

  /// Ends it; what it held is gone.
  package func stop() async { await process.stop() }
}
