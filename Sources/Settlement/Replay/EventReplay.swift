internal import ChainTypes
internal import Database
internal import EventLog
internal import Payments

/// The events of one subject, held one by one against what its facts tell.
struct EventReplay {
  private let subject: String
  private let connection: any SQLConnection
  /// The number of the last event that was compared.
  private(set) var sequence: Int64 = 0
  /// The number of the first event that retention has left.
  private let firstKept: Int64
  /// Events of the log that wait to be compared.
  private var logged: ArraySlice<CloudEvent> = []

  init(of subject: String, in connection: any SQLConnection) throws {
    self.subject = subject
    self.connection = connection
    firstKept = try EventLog.firstKeptSequence(of: subject, in: connection)
  }

  /// Compares what a fact tells with the next events of the log; what differs, a line each.
  ///
  /// `payment.received` is passed over where the log has none: facts that were recorded before
  /// there was such a type haven't told it.
  mutating func compare(_ drafts: [EventDraft]) throws -> [String] {
    var differences: [String] = []
    for draft in drafts {
      guard sequence + 1 >= firstKept else {
        sequence += 1
        continue
      }
      let found = try next()
      if draft.type == PaymentEvent.Kind.received.type, found?.type != draft.type {
        if let found { logged.insert(found, at: logged.startIndex) }
        continue
      }
      sequence += 1
      guard let found else {
        differences.append("\(subject): event \(sequence), \(draft.type), is missing")
        continue
      }
      func expect<Value: Equatable>(_ name: String, _ expected: Value, found: Value) {
        guard expected != found else { return }
        differences.append(
          "\(subject): \(name) event \(sequence) is \(found), the facts make \(expected)")
      }
      let expected = EventID.digest(
        type: draft.type, subject: draft.subject, sequence: sequence, cause: draft.cause)
      expect("sequence of", sequence, found: found.sequence)
      expect("type of", draft.type, found: found.type)
      expect("id of", expected, found: found.id)
      expect("tenant of", draft.tenant, found: found.tenant)
      expect("time of", draft.time, found: found.time)
      expect("data of", draft.data, found: found.data)
    }
    return differences
  }

  /// Behind the last fact: no more events may stand there.
  mutating func finish() throws -> [String] {
    try next() == nil ? [] : ["\(subject): events after \(sequence) that no fact tells"]
  }

  /// The log's next event of the subject.
  private mutating func next() throws -> CloudEvent? {
    if logged.isEmpty {
      logged = try EventLog.events(
        of: subject, afterSequence: sequence, limit: ReplayCheck.pageSize, in: connection)[...]
    }
    return logged.popFirst()
  }
}
