internal import ChainTypes
internal import HTTPClient
internal import HTTPServer

/// What an endpoint's answer means: 2xx that it took the event, 410 that it wants no more, all else
/// that it may later. Pure.
struct WebhookReply {
  let outcome: DeliveryOutcome

  init(_ response: HTTPResponse, at now: Timestamp) {
    let note = AttemptNote(
      "It answered \(response.status).", code: response.status,
      answer: response.body.isEmpty ? nil : String(decoding: response.body, as: UTF8.self))
    outcome =
      switch response.status {
      case 200..<300: .sent(note)
      case 410: .gone(note)
      default:
        .retry(
          note, afterSeconds: response.header("retry-after").flatMap { Self.seconds($0, at: now) })
      }
  }

  /// `Retry-After` (RFC 9110, 10.2.3): seconds, or the date until which to wait. What is neither is
  /// passed over: the schedule holds then.
  static func seconds(_ text: String, at now: Timestamp) -> Int64? {
    if let date = HTTPDate.parse(text) {
      return max(0, date.microseconds - now.microseconds) / 1_000_000
    }
    guard (1...10).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int64(text)
  }
}
