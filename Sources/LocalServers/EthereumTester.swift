internal import Foundation

/// A real EVM of this machine behind Ethereum's JSON-RPC, on 127.0.0.1 only, gone with this
/// process: py-evm, set up by eth-tester, in the Python environment that
/// `Tests/EthereumNode/setup.sh` makes. Everything it holds is in memory.
///
/// Its chain begins with a block that creates a token like USDC, one like USDT, a look-alike and a
/// contract that sends ether on. `Tests/EthereumNode/README.md` tells the methods.
package final class EthereumTester: Sendable {
  /// Where it answers JSON-RPC over HTTP.
  package let url: String
  private let process: ServerProcess

  private init(url: String, process: ServerProcess) {
    self.url = url
    self.process = process
  }

  /// Starts a node; returns once it answers.
  ///
  /// - Parameters:
  ///   - directory: for its log
  ///   - package: the folder of this package, in which its program and its Python are
  ///   - arguments: further ones of `server.py`, such as `--timestamp 1700000000`
  package static func start(
    directory: String, package: String, chainID: UInt32 = 31337, arguments: [String] = []
  ) async throws -> EthereumTester {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let python = "\(package)/.build/ethereum-node/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw LocalServerError.failed(
        "the tests' Ethereum node isn't installed: sh Tests/EthereumNode/setup.sh")
    }
    let log = "\(directory)/ethereum-\(UUID().uuidString).log"
    // Without -B, Python would leave compiled files beside its sources.
    let process = try ServerProcess(
      ServerProcess.Command(
        [
          python, "-B", "\(package)/Tests/EthereumNode/server.py", "--chain-id", String(chainID),
        ] + arguments,
        log: log))
    try await process.waitUntilReady { address(in: process) != nil }
    guard let url = address(in: process) else {
      throw LocalServerError.failed("the tests' Ethereum node told no address")
    }
    return EthereumTester(url: url, process: process)
  }

  /// The line that the server prints once it listens.
  private static func address(in process: ServerProcess) -> String? {
    process.logTail().split(separator: "\n").first { $0.hasPrefix("http://127.0.0.1:") }
      .map(String.init)
  }

  package var isRunning: Bool { process.isRunning }

  /// The node's own process id.
  package var pid: Int32 { process.pid }

  package func send(_ signal: ServerProcess.Signal) { process.send(signal) }

  /// Ends it; what it held is gone.
  package func stop() async { await process.stop() }
}
