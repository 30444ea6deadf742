internal import Bytes
internal import ChainTypes
internal import Database

/// Handles a run of messages inside one transaction: the handler's changes and the inbox's hold
/// together or not at all.
struct InboxTransaction {
  let start: ConsumerStart
  let options: ConsumerOptions
  let now: Timestamp
  /// What is known of messages on which the handler failed just now.
  let verdicts: [EventPlace: HandlerVerdict]
  let handler: EventHandler
  let records: InboxRecords

  private(set) var outcome = ConsumerOutcome()
  private var subjects: [String: SubjectInbox] = [:]
  private var stored: [String: SubjectInbox] = [:]
  private var parkedTotal: (messages: Int64, bytes: Int64)?
  /// Whether what is handled has its row among the parked already.
  private var isFromParked = false

  init(
    start: ConsumerStart, options: ConsumerOptions, now: Timestamp,
    verdicts: [EventPlace: HandlerVerdict], handler: @escaping EventHandler,
    records: InboxRecords
  ) {
    self.start = start
    self.options = options
    self.now = now
    self.verdicts = verdicts
    self.handler = handler
    self.records = records
  }

  /// Handles what comes from the source.
  mutating func run(_ messages: some Collection<IncomingMessage>) throws {
    try load(Set(messages.compactMap(\.subject)))
    for message in messages { try apply(message) }
    try save()
  }

  /// Handles a message that is parked as if it came now.
  mutating func run(parked message: IncomingMessage) throws {
    isFromParked = true
    try load(Set([message.subject].compactMap(\.self)))
    if let subject = message.subject {
      subjects[subject, default: SubjectInbox()].remove(message.place)
    }
    let parkedBefore = outcome.parked
    try apply(message)
    // What was parked anew has its row again; everything else is done with.
    if outcome.parked == parkedBefore { try records.removeParked(at: message.place) }
    try save()
  }

  private mutating func load(_ names: Set<String>) throws {
    stored = try records.lockSubjects(Array(names))
    subjects = stored
  }

  private mutating func apply(_ message: IncomingMessage) throws {
    switch message.content {
    case .malformed(let detail, _):
      guard try isFromParked || records.parked(at: message.place) == nil else {
        outcome.duplicates += 1
        return
      }
      try park(message, .malformed, detail)
    case .event(let event, let interest):
      let inbox = subjects[event.subject] ?? SubjectInbox()
      switch inbox.decide(sequence: event.sequence, id: event.id, start: start) {
      case .handle: try handle(event, interest, message)
      case .duplicate: outcome.duplicates += 1
      case .behind: try park(message, .behind, "an earlier event of the subject is parked")
      case .gap(let expected):
        let isNews = !inbox.parked.contains { $0.reason == .gap }
        try park(message, .gap, "number \(expected) of the subject hasn't come")
        guard isNews else { return }
        outcome.notices.append(
          .gap(subject: event.subject, expected: expected, found: event.sequence))
      case .fork(let known):
        guard try isFromParked || records.parked(at: message.place) == nil else {
          outcome.duplicates += 1
          return
        }
        try park(message, .fork, "number \(event.sequence) of the subject is \(known.hex)")
        outcome.notices.append(
          .fork(
            subject: event.subject, sequence: event.sequence, known: known, found: event.id))
      }
    }
  }

  private mutating func handle(
    _ event: CloudEvent, _ interest: EventInterest.Answer, _ message: IncomingMessage
  ) throws {
    if let verdict = verdicts[message.place] {
      return try park(message, after: verdict)
    }
    switch interest {
    case .unsupported:
      return try park(message, .unsupported, "\(event.type) is a version not known here")
    case .passedOver: outcome.passedOver += 1
    case .wanted:
      do {
        try handler(
          ReceivedEvent(
            event, at: message.place, traceparent: message.message.traceparent),
          records.connection)
      } catch let error as DatabaseError where !error.isHandlersFault && error.timeout == nil {
        throw error
      } catch {
        throw HandlerFailure(place: message.place, verdict: HandlerVerdict(error))
      }
      outcome.handled += 1
    }
    subjects[event.subject, default: SubjectInbox()]
      .advance(to: event.sequence, id: event.id)
  }

  private mutating func park(_ message: IncomingMessage, after verdict: HandlerVerdict) throws {
    switch verdict {
    case .refused(let detail): try park(message, .refused, detail)
    case .slow(let reason):
      try park(message, after: .failed("a statement took too long: \(reason)"))
    case .failed(let detail):
      let attempts = message.attempts + 1
      let due = options.retry(after: attempts, now: now)
      try park(
        message, due == nil ? .failed : .retrying, detail, attempts: attempts, due: due)
    }
  }

  private mutating func park(
    _ message: IncomingMessage, _ reason: ParkReason, _ detail: String, attempts: Int? = nil,
    due: Timestamp? = nil
  ) throws {
    var event: CloudEvent?
    if case .event(let known, _) = message.content { event = known }
    let parked = ParkedMessage(
      message.message, subject: message.subject, sequence: event?.sequence, id: event?.id,
      reason: reason, detail: detail, attempts: attempts ?? message.attempts, due: due,
      parkedAt: now)
    if !isFromParked { try makeRoom(for: parked) }
    try records.park(parked)
    if let subject = message.subject {
      subjects[subject, default: SubjectInbox()].park(
        .init(
          place: parked.place, sequence: parked.sequence, id: parked.id, reason: reason))
    }
    outcome.parked += 1
    guard reason.isBlocking, reason != .fork else { return }
    outcome.notices.append(
      .parked(
        parked.place, subject: parked.subject, reason: reason, detail: parked.detail))
  }

  private mutating func makeRoom(for message: ParkedMessage) throws {
    var total = try parkedTotal ?? records.parkedTotal()
    total.messages += 1
    total.bytes += Int64(message.message.count)
    guard total.messages <= options.parkedLimit, total.bytes <= options.parkedBytesLimit else {
      throw ConsumerError.tooMuchParked(
        consumer: records.consumer, messages: total.messages - 1,
        bytes: total.bytes - Int64(message.message.count))
    }
    parkedTotal = total
  }

  /// Writes what has changed, and calls the parked messages whose turn has come.
  private mutating func save() throws {
    for (subject, inbox) in subjects.sorted(by: { $0.key < $1.key })
    where stored[subject] != inbox {
      try records.save(inbox, of: subject, isNew: stored[subject] == nil)
      if let ready = inbox.ready(start: start) { try records.setDue(now, at: ready.place) }
      if inbox.parked.isEmpty, stored[subject]?.parked.isEmpty == false {
        outcome.notices.append(.resumed(subject: subject))
      }
    }
  }
}
