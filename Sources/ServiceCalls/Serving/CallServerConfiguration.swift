/// How other processes' calls are listened for.
package struct CallServerConfiguration: Sendable {
  package var host: String
  /// 0 for a free port, which `run(onListening:)` tells.
  package var port: Int
  package var tokens: CallTokens
  package var security = Security.plain
  /// How long it goes on as before, with health saying no, before it takes no more calls.
  package var lameDuckSeconds: Double = 0
  /// How long calls in progress may take to end once it takes no more.
  package var shutdownGraceSeconds: Int64 = 10

  /// How it shows who it is.
  package enum Security: Sendable, Equatable {
    case plain
    /// PEM files: the certificate, its own first, and its key.
    case tls(certificate: String, key: String)
  }

  package init(host: String, port: Int, tokens: CallTokens) {
    self.host = host
    self.port = port
    self.tokens = tokens
  }
}
