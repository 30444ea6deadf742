internal import Bytes
internal import JSON
internal import Notifications

/// Holds what people have got against what happened: of each event that matters to somebody one
/// message, which says what was so at that event, to whose order it is and to nobody else; none
/// twice but where its taking was never heard of; and the last one says how the order ended.
struct NewsChecker {
  private let told: ToldChecker
  private let people: [String: Customer]
  private let handovers: HandoverTruth
  private var expected: [String: Expected] = [:]
  /// What each order was, and since when.
  private var histories: [String: [(time: Int64, status: String)]] = [:]

  private struct Expected {
    let event: ToldEvent
    let tale: NewsTale
    let address: String
    /// The text that a shop's server gets; nil for people.
    var content: String?
  }

  init(told: ToldChecker, people: [String: Customer], handovers: HandoverTruth) {
    self.told = told
    self.people = people
    self.handovers = handovers
  }

  // MARK: What should be told

  /// - Parameter events: all of them
  mutating func learn(_ events: [ToldEvent]) throws {
    for event in events {
      let family = String(event.type.prefix { $0 != "." })
      if let tenant = event.tenant, Shop.webhooks[tenant]?.contains(family) == true {
        expect(event, NewsTale(order: ""), "webhook", tenant, content: event.data)
      }
      guard ["order", "payment", "refund"].contains(family) else { continue }
      let data = try JSONValue(parsing: Array(event.data.utf8))
      if family == "order" {
        histories[event.subject, default: []].append(
          (event.time, data["status"]?.string ?? ""))
      }
      let order: String? =
        switch family {
        case "order": event.subject
        case "payment": data["order_id"]?.string
        default: data["payment_id"]?.string.flatMap { told.payment($0)?.order }
        }
      guard let order, let name = told.orders[order]?.customer, let person = people[name],
        let tale = NewsTale(event, data, of: order)
      else { continue }
      for channel in person.wishes.channels(forPayments: tale.isOfPayment) {
        let address =
          channel == "email"
          ? NewsWishes.mailAddress(of: name) : NewsWishes.device(of: name)
        expect(event, tale, channel, name, address: address)
      }
    }
  }

  private mutating func expect(
    _ event: ToldEvent, _ tale: NewsTale, _ channel: String, _ target: String,
    address: String = "", content: String? = nil
  ) {
    expected["\(Hex.encode(event.id)) \(channel) \(target)"] = Expected(
      event: event, tale: tale, address: address, content: content)
  }

  // MARK: What was told

  func check(_ rows: [NewsRow], _ letters: [Postbox.Letter], _ findings: inout ShopFindings) {
    let rowsByID = Dictionary(rows.map { ($0.id, $0) }) { first, _ in first }
    let lettersByID = Dictionary(grouping: letters, by: \.id)
    var missing = Set(expected.keys)
    for row in rows {
      guard let tale = expected[key(of: row)] else {
        findings.require(false, .truth, "\(row.target) is told by \(row.channel) what isn't theirs")
        continue
      }
      findings.require(
        missing.remove(key(of: row)) != nil, .truth,
        "\(row.target) is told \(tale.event.type) of \(tale.event.subject) as two messages")
      check(row, tale, lettersByID[row.id] ?? [], &findings)
    }
    for key in missing.sorted() {
      guard let lost = expected[key], !isLeftOut(lost.tale) else { continue }
      findings.require(
        false, .truth,
        "nobody tells \(lost.address) \(lost.event.type) of \(lost.event.subject): \(key)")
    }
    var last: [String: NewsTale] = [:]
    for letter in letters {
      guard let row = rowsByID[letter.id], let tale = expected[key(of: row)] else {
        findings.require(false, .truth, "\(letter.address) got a letter of no delivery")
        continue
      }
      check(letter, of: row, tale, &findings)
      if tale.tale.outcomes != nil {
        last["\(letter.channel) \(letter.address) \(tale.tale.order)"] = tale.tale
      }
    }
    for (key, tale) in last {
      let status = told.orders[tale.order]?.status ?? ""
      findings.require(
        tale.outcomes?.contains(status) ?? true, .truth,
        "\(key) is \(status), and its customer was told last: \(tale.push.first ?? "")")
    }
  }

  private func isLeftOut(_ tale: NewsTale) -> Bool {
    tale.isExpiry && (histories[tale.order] ?? []).contains { $0.status == "confirmed" }
  }

  /// Webhooks' targets are their ids; each tenant has one.
  private func key(of row: NewsRow) -> String {
    row.channel == "webhook" ? "\(row.event) webhook \(row.tenant)" : row.key
  }

  private func check(
    _ row: NewsRow, _ told: Expected, _ letters: [Postbox.Letter],
    _ findings: inout ShopFindings
  ) {
    let what = "\(told.event.type) of \(told.event.subject) by \(row.channel)"
    switch row.status {
    case "sent":
      findings.require(!letters.isEmpty, .truth, "\(what) counts as sent, and nobody has got it")
    case "canceled":
      findings.require(
        isOver(told, at: row), .truth, "\(what) isn't told, although it was still so")
    default: findings.require(false, .ends, "\(what) is \(row.status)")
    }
    // Who was heard to have it isn't told again.
    let again = letters.dropLast().filter { !$0.isExcused }
    findings.require(again.isEmpty, .truth, "\(what) came again after it was taken")
  }

  /// Whether something needn't be told any more: what it asks for can't be done, or it comes so
  /// late that the order is something else by then.
  private func isOver(_ told: Expected, at row: NewsRow) -> Bool {
    if let end = told.tale.end, row.finishedAt >= end { return true }
    if isLeftOut(told.tale) { return true }
    guard row.attempts > 1, let truth = told.tale.statuses else { return false }
    // What happened in the same moment may have been before.
    let history = histories[told.tale.order] ?? []
    let last = history.last { $0.time < row.finishedAt }?.status ?? ""
    let then = history.filter { $0.time == row.finishedAt }.map(\.status) + [last]
    return !then.allSatisfy(truth.contains)
  }

  private func check(
    _ letter: Postbox.Letter, of row: NewsRow, _ told: Expected, _ findings: inout ShopFindings
  ) {
    if let content = told.content {
      findings.require(
        letter.text.contains(content) && letter.text.contains(told.event.type)
          && letter.text.contains("\"\(Hex.encode(told.event.id))\""), .truth,
        "\(row.tenant)'s server is told something else than \(told.event.type): \(letter.text)")
      return
    }
    let isMail = row.channel == "email"
    findings.require(
      letter.address == told.address && letter.channel.rawValue == row.channel, .truth,
      "\(letter.address) got what is for \(told.address)")
    let wanted = isMail ? told.tale.mail : told.tale.push
    for words in wanted where !letter.text.contains(words) {
      findings.require(
        false, .truth,
        "\(letter.address) is told of \(told.event.type) without “\(words)”: \(letter.text)")
    }
    guard isMail else { return }
    let isReady = letter.text.contains("Your code: ")
    findings.require(
      !isReady || (told.tale.mayTellCode && handovers.isTold(by: letter.text, of: told.tale.order)),
      .claims, "\(letter.address) is told a code that isn't \(told.tale.order)'s")
  }
}
