import Foundation
import LocalServers
import TestSupport
import Testing

/// What doesn't need a client: a stand-in has its name.
@Suite("An Ethereum client of this machine")
struct EthereumClientTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A program of the client's name, and the PATH on which it stands behind a folder without it.
  private func install(_ kind: EthereumClient.Kind, _ script: String) throws -> String {
    let folder = directory.url.appending(path: "bin")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let program = folder.appending(path: kind.rawValue)
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: program)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o700], ofItemAtPath: program.path)
    return "\(directory.path("nothing")):\(folder.path)"
  }

  @Test("it is started as a chain of its own and ended", arguments: EthereumClient.Kind.allCases)
  func runs(_ kind: EthereumClient.Kind) async throws {
    let python = PackageFiles.root.appending(path: ".build/ethereum-node/bin/python").path
    let path = try install(
      kind,
      """
      echo "$@" > "$TMPDIR/arguments"
      for word; do
        case $last in --port|--http.port) [ $word = 0 ] || port=$word;; esac
        last=$word
      done
      exec \(python) -m http.server --bind 127.0.0.1 $port
      """)
    let program = try #require(kind.program(on: path))
    #expect(program == directory.path("bin/\(kind)"))
    let client = try await EthereumClient.start(
      kind, program: program, directory: directory.path("files"))
    let words = try String(contentsOfFile: directory.path("files/arguments"), encoding: .utf8)
      .split(whereSeparator: \.isWhitespace)
    let port = try #require(URL(string: client.url)?.port)
    let flag = kind == .anvil ? "--port" : "--http.port"
    let place = try #require(words.firstIndex(of: flag[...]))
    #expect(words[place + 1] == "\(port)")
    #expect(kind == .anvil || words.contains("--dev"))
    // Nobody else reaches it, and it looks for nobody.
    #expect(words.contains("127.0.0.1"))
    #expect(client.isRunning)
    await client.stop()
    #expect(!client.isRunning)
    #expect(!LocalPorts.accepts(UInt16(port)))
  }

  @Test("one that ends at once is an error with what it said")
  func fails() async throws {
    let path = try install(.geth, "echo 'flag provided but not defined'; exit 1")
    let program = try #require(EthereumClient.Kind.geth.program(on: path))
    await #expect {
      _ = try await EthereumClient.start(
        .geth, program: program, directory: directory.path("files"))
    } throws: { error in
      "\(error)".contains("flag provided but not defined")
    }
  }

  @Test("a client that isn't on the PATH, or isn't a program, isn't found")
  func absent() throws {
    let path = try install(.reth, "exit 0")
    #expect(EthereumClient.Kind.geth.program(on: path) == nil)
    #expect(EthereumClient.Kind.reth.program(on: "") == nil)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: directory.path("bin/reth"))
    #expect(EthereumClient.Kind.reth.program(on: path) == nil)
  }
}
