internal import Hummingbird
internal import Logging
internal import NIOCore

/// Hummingbird alone, which answers every request for a payment with 201 and nothing: what the
/// server, the sockets and the load itself take.
enum EmptyServer {
  static func start() async throws -> ServerTask {
    let router = Router()
    router.post("/v1/payments") { _, _ in Response(status: .created) }
    let responder = router.buildResponder()
    return try await ServerTask.start { onListening in
      let application = Application(
        responder: responder,
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { onListening($0.localAddress?.port ?? 0) },
        logger: Logger(label: "empty") { _ in SwiftLogNoOpLogHandler() })
      try await application.run()
    }
  }
}
