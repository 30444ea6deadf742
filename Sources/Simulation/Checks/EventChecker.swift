internal import Bytes
internal import Database
internal import Digests
internal import Foundation

/// Remembers every event from the moment it is first seen, and holds the log against that.
struct EventChecker {
  struct Event: Equatable {
    var position: Int64?
    let id: [UInt8]
    let type: String
    let subject: String
    let sequence: Int64
    let time: Int64
    let data: String
  }

  private var known: [Event] = []
  private var lastSequence: [String: Int64] = [:]
  private var lastPosition: Int64 = 0
  private var lastStatus: [String: String] = [:]
  /// Heights at which nobody looked for what calls had moved, by chain.
  private var untraced: [String: [ClosedRange<Int64>]] = [:]

  private struct Body: Decodable {
    let version: Int64?
    let chain: String?
    let from: String?
    let to: String?
  }

  var events: [Event] { known }

  func untraced(on chain: String) -> [ClosedRange<Int64>] { untraced[chain] ?? [] }

  /// What has a position behind `position`, then what waits for one, in their order.
  static func read(after position: Int64, in connection: any SQLConnection) throws -> [Event] {
    let columns = "id, type, subject, sequence, time, data"
    let rows =
      try connection.query(
        "SELECT position, \(columns) FROM events WHERE position > $1 ORDER BY position",
        [.integer(position)])
      + connection.query("SELECT NULL AS position, \(columns) FROM outbox ORDER BY outbox_id")
    return try rows.map { row in
      try Event(
        position: row.optionalInteger("position"), id: row.blob("id"), type: row.text("type"),
        subject: row.text("subject"), sequence: row.integer("sequence"),
        time: row.integer("time"), data: row.text("data"))
    }
  }

  /// The last position that is known.
  var settledThrough: Int64 { lastPosition }

  /// Takes in what the log holds after `settledThrough`, and gives the events that are new.
  mutating func learn(
    _ read: [Event], _ stored: StoredState, _ findings: inout Findings
  ) -> [Event] {
    let waiting = known.filter { $0.position == nil }
    findings.require(
      read.count >= waiting.count, promise: 4, "events vanished after they were told")
    for (before, now) in zip(waiting, read) {
      var same = before
      same.position = now.position
      findings.require(same == now, promise: 4, "\(before.type) \(before.subject) changed")
    }
    let new = Array(read.dropFirst(waiting.count))
    known.removeLast(waiting.count)
    for event in read.prefix(waiting.count) {
      checkPosition(event, &findings)
      known.append(event)
    }
    let payments = Dictionary(
      stored.payments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for event in new {
      checkPosition(event, &findings)
      checkSequence(event, &findings)
      // An income's subject is `chain/address`, a sweep's names no chain: its version is how often
      // the transaction has changed, of which a hundred is more than any run has.
      let chain = String(event.subject.prefix { $0 != "/" })
      let version = stored.chains[chain]?.cursor?.version
      checkIdentity(event, payments, stored, version ?? 100, &findings)
      checkStatus(event, &findings)
      noteUntraced(event)
      known.append(event)
    }
    return new
  }

  private mutating func noteUntraced(_ event: Event) {
    guard event.type == "chain.untraced", let body = body(of: event),
      let from = body.from.flatMap(Self.height), let to = body.to.flatMap(Self.height),
      from <= to
    else { return }
    untraced[event.subject, default: []].append(from...to)
  }

  /// Of a block written as `height:hash`.
  private static func height(_ block: String) -> Int64? {
    Int64(block.prefix { $0 != ":" })
  }

  /// Compares the whole log with what was learnt.
  func checkUnchanged(_ all: [Event], _ findings: inout Findings) {
    findings.require(all == known, promise: 4, "what was published is another thing now")
  }

  /// Every payment's last event tells the status that it has.
  func checkStatuses(_ stored: StoredState, _ findings: inout Findings) {
    for payment in stored.payments {
      findings.require(
        lastStatus[payment.id] == payment.status, promise: 4,
        "\(payment.id) is \(payment.status), told was \(lastStatus[payment.id] ?? "nothing")")
    }
  }

  private mutating func checkPosition(_ event: Event, _ findings: inout Findings) {
    guard let position = event.position else { return }
    findings.require(
      position == lastPosition + 1, promise: 4,
      "position \(position) follows \(lastPosition)")
    lastPosition = position
  }

  private mutating func checkSequence(_ event: Event, _ findings: inout Findings) {
    let last = lastSequence[event.subject] ?? 0
    findings.require(
      event.sequence == last + 1, promise: 4,
      "\(event.subject) has event \(event.sequence) after \(last)")
    lastSequence[event.subject] = event.sequence
  }

  /// Works out the id from the fact that caused the event.
  private func checkIdentity(
    _ event: Event, _ payments: [String: StoredState.StoredPayment],
    _ stored: StoredState, _ chainVersion: Int64, _ findings: inout Findings
  ) {
    let causes: [String]
    switch event.type.prefix(while: { $0 != "." }) {
    case "payment":
      guard let version = body(of: event)?.version, let payment = payments[event.subject],
        payment.facts.count >= version
      else {
        findings.require(false, promise: 4, "\(event.type) \(event.subject) without its fact")
        return
      }
      let fact = version == 0 ? payment.terms : payment.facts[Int(version) - 1]
      causes = ["\(event.subject)\n\(version)\n\(fact)"]
    case "refund":
      guard let version = body(of: event)?.version, let refund = stored.refunds[event.subject],
        refund.facts.count >= version
      else {
        findings.require(false, promise: 4, "\(event.type) \(event.subject) without its fact")
        return
      }
      let fact = version == 0 ? refund.terms : refund.facts[Int(version) - 1]
      causes = ["\(event.subject)\n\(version)\n\(fact)"]
    case "transfer": causes = [event.data]
    // Of services, which have checkers of their own.
    case "order", "supply", "claim", "notification", "webhook": return
    case "outgoing":
      // Told in the step that came to the tip.
      let tip = body(of: event)?.chain.flatMap { stored.chains[$0]?.cursor?.tip }
      causes = tip.map { ["\(event.type)\n\(event.subject)\n\($0)"] } ?? []
    case "chain" where event.type == "chain.stalled":
      causes = [body(of: event)?.to].compactMap { $0 }.map { "\(event.subject)\n\($0)" }
    default:
      // An event doesn't tell the version it was made at: it is one of those there have been.
      causes = (0...chainVersion).reversed().map { "\(event.subject)\n\($0)\n\(event.data)" }
    }
    findings.require(
      causes.contains { Self.id(of: event, cause: $0) == event.id }, promise: 4,
      "the id of \(event.type) \(event.subject) #\(event.sequence) isn't its fact's")
  }

  private static func id(of event: Event, cause: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for text in [event.type, event.subject] {
      withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { bytes += $0 }
      bytes += Array(text.utf8)
    }
    withUnsafeBytes(of: event.sequence.bigEndian) { bytes += $0 }
    bytes += SHA256.hash(Array(cause.utf8)).bytes
    return SHA256.hash(bytes).bytes
  }

  /// Each event of a payment begins at the status that the one before left, and only a reversal
  /// steps down.
  private mutating func checkStatus(_ event: Event, _ findings: inout Findings) {
    guard event.type.hasPrefix("payment.") else { return }
    guard let body = body(of: event), let from = body.from, let to = body.to else {
      findings.require(false, promise: 4, "\(event.type) doesn't tell its step")
      return
    }
    let last = lastStatus[event.subject] ?? from
    // Several events of one change all tell it whole.
    findings.require(
      from == last || to == last, promise: 5,
      "\(event.type) of \(event.subject) goes on from \(from) after \(last)")
    let isDown = PaymentOracle.rank(to) < PaymentOracle.rank(from) && to != "resolved"
    if event.type == "payment.reversed" {
      findings.require(isDown, promise: 5, "reversed from \(from) to \(to)")
    } else if isDown, from == last, event.type != "payment.expired_partial" {
      findings.require(false, promise: 5, "\(from) to \(to) was told without payment.reversed")
    }
    lastStatus[event.subject] = to
  }

  private func body(of event: Event) -> Body? {
    try? JSONDecoder().decode(Body.self, from: Data(event.data.utf8))
  }
}
