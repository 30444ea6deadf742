package import Messages
internal import Synchronization

/// Brings short messages to devices. Web Push (RFC 8030) is to follow as one.
package protocol PushProvider: Sendable {
  /// As it stands with customers' devices.
  var name: String { get }

  func send(_ push: PushMessage) async -> PushOutcome
}

package struct PushMessage: Equatable, Sendable {
  /// The same whenever the same message is sent.
  package let id: String
  /// By which the provider knows the device.
  package let token: String
  package let title: String
  package let body: String
  package let language: Language

  package init(id: String, token: String, title: String, body: String, language: Language) {
    self.id = id
    self.token = token
    self.title = title
    self.body = body
    self.language = language
  }
}

package enum PushOutcome: Equatable, Sendable {
  case sent
  /// The device is gone: its token is forgotten.
  case unregistered
  case refused(String)
  /// It may go better later.
  case unavailable(String, afterSeconds: Int64? = nil)
}

/// Brings nothing anywhere: it keeps the last pushes in memory, for development and tests.
package final class RecordingPushProvider: PushProvider {
  package let name = "recording"
  private let kept = Mutex<[PushMessage]>([])
  private static let maximum = 1_000

  package init() {}

  package var pushes: [PushMessage] { kept.withLock(\.self) }

  package func send(_ push: PushMessage) async -> PushOutcome {
    kept.withLock { kept in
      kept.append(push)
      kept.removeFirst(max(0, kept.count - Self.maximum))
    }
    return .sent
  }
}
