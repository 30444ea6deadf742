/// Prints what people do and what the event stream says to it.
actor Teller {
  private let api: DemoAPI
  private var position = "0"
  private var scene = 0
  /// Events told since the last `expect`, not yet asked for.
  private var told: [(type: String, subject: String)] = []
  /// What a subject is called in the story.
  private var names: [String: String] = [:]

  init(api: DemoAPI) { self.api = api }

  func scene(_ title: String) {
    scene += 1
    told = []
    Console.print("\n\(scene). \(title)")
  }

  func call(_ subject: String, _ name: String) { names[subject] = name }

  func name(of subject: String) -> String { names[subject] ?? subject }

  /// Someone does something.
  func tell(_ who: String, _ what: String) { Console.print("   \(Self.column(who, 10))\(what)") }

  /// Prints the stream up to an event of that type, of whatever subject.
  func expectTransfer(_ type: String) async throws { try await expect(type) { _ in true } }

  /// Prints the stream up to an event of that type and subject. What is told of other subjects
  /// before it can be asked for afterwards: only a subject's own events have an order.
  func expect(_ type: String, of subject: String) async throws {
    try await expect(type) { $0 == subject }
  }

  private func expect(_ type: String, _ isWanted: (_ subject: String) -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while true {
      if let place = told.firstIndex(where: { $0.type == type && isWanted($0.subject) }) {
        told = told[...place].filter { !isWanted($0.subject) } + told[(place + 1)...]
        return
      }
      guard clock.now < deadline else {
        throw CommandFailure("\(type) didn't come within a minute")
      }
      if try await tellEvents() == 0 { try await Task.sleep(for: .milliseconds(50)) }
    }
  }

  /// Prints the stream until something is so.
  func follow(_ what: String, until isSo: @Sendable () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try await !isSo() {
      guard clock.now < deadline else { throw CommandFailure("no \(what) within a minute") }
      _ = try await tellEvents()
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func tellEvents() async throws -> Int {
    let page = try await api.events(after: position)
    for event in page.data {
      told.append((event.type, event.subject))
      if Self.isQuiet(event.type) { continue }
      Console.print("     \(Self.column(event.type, 24))\(line(event))")
    }
    position = page.nextAfter ?? position
    return page.data.count
  }

  /// What would drown the story: each reservation, each delivery.
  private static func isQuiet(_ type: String) -> Bool {
    ["supply.", "notification.", "webhook.", "price."].contains { type.hasPrefix($0) }
  }

  private func line(_ event: DemoAPI.Event) -> String {
    let data = event.data
    if event.type.hasPrefix("order.") || event.type.hasPrefix("claim.") {
      return "\(names[event.subject] ?? event.subject) #\(event.sequence): \(data.status ?? "?")"
    }
    if event.type.hasPrefix("refund.") || event.type.hasPrefix("sweep.") {
      return outgoingLine(event)
    }
    guard event.type.hasPrefix("payment.") else {
      let place = data.position ?? "\(data.vout ?? 0)"
      let name = "\(data.txid?.prefix(10) ?? "")…:\(place)"
      let unit = data.position == nil ? "satoshi" : data.contract == nil ? "wei" : "units"
      var parts = [name, "\(data.amountMinor ?? "?") \(unit)"]
      if let contract = data.contract { parts.append("of \(contract.prefix(10))…") }
      if let reason = data.reason { parts.append("because: \(reason)") }
      if let height = data.blockHeight { parts.append("in block \(height)") }
      if let other = data.replacedBy { parts.append("by \(other.prefix(8))…") }
      return parts.joined(separator: ", ")
    }
    let name = names[event.subject] ?? event.subject
    var text =
      "\(name) #\(event.sequence): \(data.received ?? "?") of \(data.amount ?? "?") \(data.asset ?? "")"
    if event.type == "payment.reversed", let from = data.from, let to = data.to {
      text += ", \(from) -> \(to)"
    }
    return text
  }

  /// A step of money that goes out. Sweeps tell what they cost; the story's are on the EVM chain.
  private func outgoingLine(_ event: DemoAPI.Event) -> String {
    let data = event.data
    var parts = [names[event.subject] ?? event.subject]
    if let amount = data.amount { parts[0] += ": \(amount) \(data.asset ?? "")" }
    if let txid = data.txid { parts.append("transaction \(txid.prefix(10))…") }
    if let height = data.blockHeight { parts.append("in block \(height)") }
    if let fee = data.feeMinor { parts.append("for a fee of \(fee) wei") }
    return parts.joined(separator: ", ")
  }

  private static func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
