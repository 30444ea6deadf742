internal import Aggregates
internal import Bytes
internal import Claiming
internal import Database
internal import HTTPServer

// Picking up: by whoever shows the code.
extension CustomerLife {
  /// Somebody comes for an order that is ready, and staff asks for the code.
  func pickUp(_ place: Int, _ order: String) async throws {
    let customer = customers[place]
    let (claims, tenant) = (process.claims, customer.shop.tenant)
    var issued: IssuedCode?
    try await surviving(.desk) { issued = try await claims.code(ofOrder: order, tenant: tenant) }
    // Claiming hasn't heard of it yet, or the claim has ended.
    guard let issued else { return }
    handovers.know(issued)
    let (id, code) = (issued.claim, issued.code)
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      // One more than are heard, or fewer.
      for _ in 0..<(chance(1, in: 2) ? 6 : Int.random(in: 1...5, using: &random)) {
        try await show(ClaimCode(random: (random.next(), random.next())), id, customer, order)
      }
    case 1:
      // Somebody else's.
      if let other = handovers.anyCode(but: id, &random) {
        try await show(other, id, customer, order)
      }
    case 2:
      // Two come with the same code.
      try await show(code, id, customer, order)
      try await show(code, id, customer, order)
    default: try await show(code, id, customer, order)
    }
    if told.claims[id]?.attemptsLeft == 0 { try await renew(id, tenant) }
  }

  /// Somebody shows once more the code that they had, whatever has become of the order.
  func comeBack(_ place: Int, _ order: String) async throws {
    guard let (claim, code) = handovers.lastCode(ofOrder: order) else { return }
    try await show(code, claim, customers[place], order)
  }

  private func show(
    _ code: ClaimCode, _ id: String, _ customer: Customer, _ order: String
  ) async throws {
    let tenant = customer.shop.tenant
    let key = try IdempotencyKey(
      "key-\(random.next())", method: "POST", path: "/v1/claims/\(id)/process",
      body: Array(code.text.utf8))
    handovers.shown(code, for: id)
    // Who got no answer asks again.
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let (process, now) = (process, time.now)
      let (claims, by) = (process.claims, customer.name)
      endanger(.desk)
      let isAnswered = try await surviving(.desk) {
        do {
          let reply = try await calls.pass(order, tenant) {
            try await Idempotency.once(
              key, tenant: tenant, now: now, on: process.database,
              holding: { try claims.hold(id, tenant: tenant, in: $0) },
              replying: { connection in
                switch try claims.show(
                  code, for: id, tenant: tenant, by: by, now: now, in: connection)
                {
                case .processed: Idempotency.StoredReply(status: 200, body: [])
                case .wrong: Idempotency.StoredReply(status: 403, body: [])
                }
              })
          }
          if reply.status != 200 { statistics.wrongCodes += 1 }
          handovers.answered(reply.status == 200, code, for: id, to: key.text)
          note("\(customer.name) shows a code for \(id): \(reply.status)")
        } catch let refusal as ClaimRefusal {
          refused(refusal, id)
        }
      }
      if isAnswered { break }
    }
    try await learn()
  }

  private func renew(_ id: String, _ tenant: String) async throws {
    let (process, now) = (process, time.now)
    let (claims, code) = (process.claims, ClaimCode(random: (random.next(), random.next())))
    endanger(.desk)
    try await surviving(.desk) {
      handovers.renewing(id)
      do {
        let order = try await process.database.groupedWrite(as: tenant) { connection in
          try claims.renew(id, tenant: tenant, code: code, by: "bo", now: now, in: connection)
            .terms.order
        }
        handovers.know(IssuedCode(claim: id, order: order, code: code))
        note("\(id) has a new code")
      } catch let refusal as ClaimRefusal {
        refused(refusal, id)
      }
    }
  }

  /// Once everything was heard.
  func checkHandovers() async throws {
    let rows = try await database.read { try ClaimRows(in: $0) }
    var findings = ShopFindings()
    handovers.check(told, &findings)
    rows.check(told, &findings)
    let rebuilt = try await ClaimService.rebuild(database, writing: false)
    for id in rebuilt.differing {
      findings.require(false, .streams, "\(id)'s row isn't what its facts make of it")
    }
    for claim in told.claims.values { statistics.claims[claim.status, default: 0] += 1 }
    try findings.expectNone()
  }
}
