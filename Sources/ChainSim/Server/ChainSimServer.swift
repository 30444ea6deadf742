internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// Serves a simulated node over HTTP on 127.0.0.1, as Bitcoin Core and geth serve their JSON-RPC.
package final class ChainSimServer: Sendable {
  /// The port it listens on, also where 0 was asked for.
  package let port: UInt16
  private let credential: ServerCredential
  private let serving: Task<Void, any Error>

  package enum Failure: Error, Hashable, Sendable {
    /// The port is taken, or may not be opened.
    case cannotListen(port: UInt16, reason: String)
  }

  /// A block is at most 4 MB: 8 MB of hexadecimal, with room for batches.
  private static let maximumRequestBytes = 32 << 20
  /// The caller's own time-out ends what takes longer.
  private static let longestDelayMilliseconds = 3_600_000

  private init(port: UInt16, credential: ServerCredential, serving: Task<Void, any Error>) {
    self.port = port
    self.credential = credential
    self.serving = serving
  }

  package var url: String { "http://127.0.0.1:\(port)" }

  /// Starts to serve `node`; port 0 takes a free one. Returns once it listens.
  package static func start(
    _ node: any SimulatedNode, port: UInt16 = 0,
    authentication: ServerAuthentication = .none
  ) async throws -> ChainSimServer {
    let credential = try ServerCredential(authentication)
    let (listening, report) = AsyncStream.makeStream(of: UInt16.self)
    let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
      try await respond(to: request, node: node, credential: credential)
    }
    let application = Application(
      responder: responder,
      configuration: .init(address: .hostname("127.0.0.1", port: Int(port))),
      onServerRunning: { channel in
        report.yield(UInt16(clamping: channel.localAddress?.port ?? 0))
      },
      logger: Logger(label: "chainsim") { _ in SwiftLogNoOpLogHandler() })
    let serving = Task {
      defer { report.finish() }
      try await application.run()
    }
    for await bound in listening {
      return ChainSimServer(port: bound, credential: credential, serving: serving)
    }
    // The stream ended without a port: serving did, too.
    let reason: String
    switch await serving.result {
    case .success: reason = "stopped"
    case .failure(let error): reason = "\(error)"
    }
    throw Failure.cannotListen(port: port, reason: reason)
  }

  /// Writes another cookie; callers with the old one are refused from then on.
  package func rotateCookie() throws { try credential.rotate() }

  /// Closes all connections and the port, and waits until that is done.
  package func stop() async {
    serving.cancel()
    _ = await serving.result
    credential.remove()
  }

  /// Returns when the server has stopped, or throws why it did.
  package func wait() async throws { try await serving.value }

  private static func respond(
    to request: Request, node: any SimulatedNode, credential: ServerCredential
  ) async throws -> Response {
    guard request.method == .post else {
      return response(.text(405, "JSONRPC server handles only POST requests"))
    }
    guard credential.admits(request.headers[.authorization]) else { return unauthorized }
    let buffer = try await request.body.collect(upTo: maximumRequestBytes)
    do {
      let reply = try await node.reply(
        to: Array(buffer.readableBytesView), timeoutMilliseconds: longestDelayMilliseconds)
      return reply.status == 401 ? unauthorized : response(reply)
    } catch {
      return dropped
    }
  }

  private static func response(_ reply: RPCReply) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = reply.contentType
    return Response(
      status: HTTPTypes.HTTPResponse.Status(code: reply.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
  }

  private static var unauthorized: Response {
    var headers = HTTPFields()
    headers[.wwwAuthenticate] = #"Basic realm="jsonrpc""#
    return Response(status: .unauthorized, headers: headers)
  }

  /// A response that breaks off, and the connection with it.
  private static var dropped: Response {
    struct Dropped: Error {}
    return Response(
      status: .ok, body: ResponseBody(contentLength: 1) { _ in throw Dropped() })
  }
}
