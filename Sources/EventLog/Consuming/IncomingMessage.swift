internal import ChainTypes

/// An event as a handler gets it.
package struct ReceivedEvent: Sendable, Equatable {
  package let event: CloudEvent
  package let place: EventPlace
  /// The W3C trace in which it was told, where the source knows one.
  package let traceparent: String?

  package init(_ event: CloudEvent, at place: EventPlace, traceparent: String? = nil) {
    self.event = event
    self.place = place
    self.traceparent = traceparent
  }
}

/// Which events a consumer handles. Of the others it only counts the sequence.
///
/// A type's later versions are told as `payment.paid.v2`, `.v3`, …: where the consumer handles
/// `payment.paid`, but not that version, the event is parked until a program knows it.
package struct EventInterest: Sendable, Equatable {
  /// Nil for all types, of any version.
  package let types: Set<String>?

  package static let all = EventInterest(types: nil)

  package init(types: Set<String>?) { self.types = types }

  enum Answer: Sendable, Equatable {
    case wanted, passedOver, unsupported
  }

  func answer(to type: String) -> Answer {
    guard let types, !types.contains(type) else { return .wanted }
    guard let dot = type.lastIndex(of: ".") else { return .passedOver }
    let version = type[type.index(after: dot)...]
    let isVersion = version.first == "v" && version.dropFirst().first?.isNumber == true
    let base = String(type[..<dot])
    let knows = types.contains(base) || types.contains { $0.hasPrefix(base + ".v") }
    return isVersion && knows ? .unsupported : .passedOver
  }
}

/// A message that has been read, and what came of it. Pure.
struct IncomingMessage: Sendable, Equatable {
  enum Content: Sendable, Equatable {
    case event(CloudEvent, EventInterest.Answer)
    /// - `subject`: to which it belongs as far as its key tells
    case malformed(detail: String, subject: String?)
  }

  let message: ReceivedMessage
  let content: Content
  /// How often the handler has failed on it already.
  let attempts: Int

  init(_ message: ReceivedMessage, interest: EventInterest, attempts: Int = 0) {
    self.message = message
    self.attempts = attempts
    let keySubject = message.key.flatMap(Self.subject)
    do throws(CloudEventError) {
      let event = try CloudEvent(json: message.value)
      if message.key == nil || keySubject == event.subject {
        content = .event(event, interest.answer(to: event.type))
      } else {
        // Another partition may hold its neighbours, so nobody can tell its order.
        content = .malformed(detail: "the key isn't the subject", subject: event.subject)
      }
    } catch {
      content = .malformed(detail: "\(error)", subject: keySubject)
    }
  }

  var place: EventPlace { message.place }

  var subject: String? {
    switch content {
    case .event(let event, _): event.subject
    case .malformed(_, let subject): subject
    }
  }

  private static func subject(_ key: [UInt8]) -> String? {
    guard (1...EventDraft.maximumSubjectBytes).contains(key.count), !key.contains(0) else {
      return nil
    }
    return String(validating: key, as: UTF8.self)
  }
}
