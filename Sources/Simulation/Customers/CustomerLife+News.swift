internal import Bytes
internal import CustomerMessages
internal import Database
internal import Messages
internal import Notifications

// What people are told, and how they said that they want to be.
extension CustomerLife {
  func askForNews(_ customer: Customer) async throws {
    let (name, wishes) = (customer.name, customer.wishes)
    guard wishes.byMail || wishes.byPush else { return }
    let preferences = CustomerPreferences(
      tenant: customer.shop.tenant, customer: name,
      email: wishes.byMail ? MailAddress(NewsWishes.mailAddress(of: name)) : nil,
      push: wishes.byPush
        ? PushAddress(provider: "postbox", token: NewsWishes.device(of: name)) : nil,
      channels: wishes.paymentsByMail ? [:] : [.payment: [.push]],
      unsubscribeToken: "token of \(name)", createdAt: time.now, updatedAt: time.now)
    try await database.write { try PreferenceRecords.save(preferences, in: $0) }
  }

  /// Some shops have their own servers told.
  func subscribe() async throws {
    let service = WebhookService(database: database, policy: WebhookPolicy())
    for (tenant, topics) in Shop.webhooks.sorted(by: { $0.key < $1.key }) {
      let details = WebhookDetails(
        url: "https://\(tenant).example/events",
        events: topics.sorted().compactMap { EventPattern("\($0).*") }, description: nil)
      let secret = WebhookSecret.generate(using: &random)
      let (now, random) = (time.now, (random.next(), random.next()))
      _ = try await database.write { connection in
        try service.create(
          details, secret: secret, tenant: tenant, now: now, random: random, in: connection)
      }
    }
  }

  /// Once everything has arrived.
  func checkNews() async throws {
    let (events, rows) = try await database.read { connection in
      try (
        ToldEvent.read(after: 0, limit: .max, in: connection), NewsRow.read(in: connection)
      )
    }
    var findings = ShopFindings()
    let people = Dictionary(customers.map { ($0.name, $0) }) { first, _ in first }
    var checker = NewsChecker(told: told, people: people, handovers: handovers)
    try checker.learn(events)
    checker.check(rows, postbox.letters, &findings)
    for row in rows { statistics.news["\(row.channel) \(row.status)", default: 0] += 1 }
    let letters = postbox.letters
    statistics.repetitions = letters.count - Set(letters.map(\.id)).count
    try findings.expectNone()
  }
}
