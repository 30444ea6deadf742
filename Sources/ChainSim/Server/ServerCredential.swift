internal import Bytes
internal import Foundation
internal import Synchronization

/// Who may call a served node.
package enum ServerAuthentication: Sendable {
  /// Anyone on this machine.
  case none
  case password(user: String, password: String)
  /// A random password that the server writes to this file, as Bitcoin Core does to `.cookie`.
  case cookie(file: String)
}

/// The credential in force at a server.
final class ServerCredential: Sendable {
  private let authentication: ServerAuthentication
  /// The value that the Authorization header must have; nil where none is asked for.
  private let expected: Mutex<String?>

  init(_ authentication: ServerAuthentication) throws {
    self.authentication = authentication
    expected = Mutex(nil)
    switch authentication {
    case .none: break
    case .password(let user, let password):
      expected.withLock { $0 = Self.header("\(user):\(password)") }
    case .cookie: try rotate()
    }
  }

  func admits(_ header: String?) -> Bool {
    expected.withLock { expected in expected == nil || expected == header }
  }

  /// Writes another cookie, which alone is good from then on.
  func rotate() throws {
    guard case .cookie(let file) = authentication else { return }
    let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    let text = "__cookie__:" + Hex.encode(secret)
    let path = URL(filePath: file)
    try Data(text.utf8).write(to: path, options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path.path)
    expected.withLock { $0 = Self.header(text) }
  }

  /// Takes the cookie file away.
  func remove() {
    guard case .cookie(let file) = authentication else { return }
    try? FileManager.default.removeItem(atPath: file)
  }

  private static func header(_ userAndPassword: String) -> String {
    "Basic " + Data(userAndPassword.utf8).base64EncodedString()
  }
}
