internal import Bytes
internal import CustomerMessages
internal import HTTPClient
internal import Messages
internal import Notifications
internal import Synchronization

/// Where what people are told arrives: mailboxes, devices and shops' servers. It takes what comes,
/// or doesn't now, or takes it and its answer is lost. It outlives the processes that send.
final class Postbox: Sendable {
  /// Something that was taken.
  struct Letter {
    /// By which its receiver tells repetitions: the delivery's id.
    let id: String
    let channel: ChannelName
    let address: String
    let text: String
    /// Whether nobody heard that it was taken, so that it may come again.
    var isExcused = false
  }

  enum Fate {
    case taken, refused, unanswered
  }

  private struct State {
    var letters: [Letter] = []
    /// How many there were when the present round of sending began.
    var begun = 0
    var isReliable = false
  }

  private let state = Mutex(State())
  private let random: RandomStream

  init(random: RandomStream) { self.random = random }

  /// In the order in which they arrived.
  var letters: [Letter] { state.withLock(\.letters) }

  /// From now on everything arrives.
  func settle() { state.withLock { $0.isReliable = true } }

  /// A round of sending begins.
  func begin() { state.withLock { $0.begun = $0.letters.count } }

  /// Who sent in the present round has died, or couldn't note what was taken.
  func excuse() {
    state.withLock { state in
      for place in state.begun..<state.letters.count { state.letters[place].isExcused = true }
    }
  }

  func take(_ id: String, _ channel: ChannelName, _ address: String, _ text: String) -> Fate {
    let draw = random.next() % 12
    return state.withLock { state in
      let fate: Fate = state.isReliable || draw > 1 ? .taken : draw == 0 ? .refused : .unanswered
      if fate == .refused { return fate }
      state.letters.append(
        Letter(
          id: id, channel: channel, address: address, text: text, isExcused: fate == .unanswered))
      return fate
    }
  }
}

/// Brings pushes to the postbox.
struct PostboxDevices: PushProvider {
  let name = "postbox"
  let postbox: Postbox

  func send(_ push: PushMessage) async -> PushOutcome {
    switch postbox.take(push.id, .push, push.token, push.body) {
    case .taken: .sent
    case .refused: .unavailable("no connection")
    case .unanswered: .unavailable("no answer")
    }
  }
}

/// Brings mails there.
struct PostboxMail: MailSubmitting {
  let postbox: Postbox

  func submit(_ mail: MailSubmission) async throws(SMTPError) -> SMTPReply {
    let (id, text) = Self.parts(of: String(decoding: mail.message, as: UTF8.self))
    switch postbox.take(id, .email, mail.recipients.joined(separator: " "), text) {
    case .taken: return SMTPReply(code: 250, text: "OK")
    case .refused: throw .transfer(.connectionFailed("no connection"))
    case .unanswered: throw .transfer(.connectionLost("no answer"))
    }
  }

  /// The Message-ID's part before the sign, and the body as its reader sees it (RFC 2045, 6.7).
  private static func parts(of mail: String) -> (id: String, text: String) {
    let lines = mail.split(separator: "\r\n", omittingEmptySubsequences: false)
    let header = lines.first { $0.hasPrefix("Message-ID: <") } ?? ""
    let id = header.dropFirst("Message-ID: <".count).prefix { $0 != "@" }
    var bytes: [UInt8] = []
    for line in lines.drop(while: { !$0.isEmpty }).dropFirst() {
      var rest = Array(line.utf8)[...]
      while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "=") else {
          bytes.append(byte)
          continue
        }
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        rest = rest.dropFirst(2)
        // Without digits the line goes on.
        if let byte = UInt8(digits, radix: 16) { bytes.append(byte) }
      }
      if !line.hasSuffix("=") { bytes.append(UInt8(ascii: "\n")) }
    }
    return (String(id), String(decoding: bytes, as: UTF8.self))
  }
}

/// Brings webhooks' requests there.
struct PostboxServers: DeliveryChannel {
  let name = ChannelName.webhook
  let postbox: Postbox

  func attempt(_ delivery: Delivery) async -> DeliveryOutcome {
    switch postbox.take(delivery.id, .webhook, delivery.target.key, delivery.content) {
    case .taken: .sent(AttemptNote("taken", code: 204))
    case .refused: .retry(AttemptNote("no connection"))
    case .unanswered: .retry(AttemptNote("no answer"))
    }
  }
}

/// A clock that stands: what would take too long never does.
struct StandingClock: Clock {
  struct Instant: InstantProtocol {
    func advanced(by duration: Duration) -> Instant { self }
    func duration(to other: Instant) -> Duration { .zero }
    static func < (a: Instant, b: Instant) -> Bool { false }
  }

  var now: Instant { Instant() }
  var minimumResolution: Duration { .zero }

  /// Until it is cancelled.
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try await Task.sleep(for: .seconds(86_400))
  }
}
