import ChainSim
import ChainTypes
import Foundation
import HTTPClient
import NodeRPC
import Testing

@Suite("A simulated node over HTTP", .serialized)
struct ServerTests {
  @Test("typed calls go through a password-protected port on loopback")
  func roundTrip() async throws {
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(script(1), value: 10_000)
    let server = try await ChainSimServer.start(
      node, authentication: .password(user: "alice", password: "secret"))
    let http = try HTTPClient()
    func transport(_ password: String) -> HTTPTransport {
      HTTPTransport(
        client: http, url: server.url,
        authentication: .password(user: "alice", password: password))
    }
    let bitcoin = client(of: transport("secret"))
    #expect(try await bitcoin.chainInfo().tip == node.tip)
    #expect(try await bitcoin.block(node.tip.hash) == node.machine.tip.bytes)
    #expect(try await bitcoin.mempool() == [paid.txid])

    await #expect(throws: NodeError.rpc(.unauthorized(status: 401))) {
      try await client(of: transport("wrong")).bestBlockHash()
    }
    let refused = try await transport("wrong").post(
      [], timeoutMilliseconds: 5_000, maximumBytes: 1 << 20)
    #expect(refused == RPCResponse(status: 401, body: []))

    node.inject(Fault(.connectionDropped, count: 1))
    await #expect(throws: NodeError.self) { try await bitcoin.bestBlockHash() }
    node.inject(Fault(.httpStatus(503, text: "Work queue depth exceeded"), count: 1))
    await #expect(
      throws: NodeError.rpc(.overloaded(status: 503, excerpt: "Work queue depth exceeded"))
    ) { try await bitcoin.bestBlockHash() }
    #expect(try await bitcoin.bestBlockHash() == node.tip.hash)

    await server.stop()
    await #expect(throws: NodeError.self) { try await bitcoin.bestBlockHash() }
    http.shutdown()
  }

  @Test("a cookie is written, renewed, and gone with the server")
  func cookie() async throws {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "chainsim-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: ".cookie").path
    let node = try makeNode(blocks: 1)
    let server = try await ChainSimServer.start(node, authentication: .cookie(file: file))
    let http = try HTTPClient()
    let bitcoin = client(
      of: HTTPTransport(client: http, url: server.url, authentication: .cookie(file: file)))
    #expect(try await bitcoin.bestBlockHash() == node.tip.hash)
    try server.rotateCookie()
    #expect(try await bitcoin.bestBlockHash() == node.tip.hash)
    await server.stop()
    #expect(!FileManager.default.fileExists(atPath: file))
    http.shutdown()
  }

  @Test("a port that is taken is an error with its number")
  func portTaken() async throws {
    let node = try makeNode()
    let server = try await ChainSimServer.start(node)
    await #expect(throws: ChainSimServer.Failure.self) {
      try await ChainSimServer.start(node, port: server.port)
    }
    await server.stop()
  }
}
