import Bytes
import ChainTypes
import Database
import Digests
import JSON
import Keys
import Payments
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Closing days of the ledger")
struct LedgerCloseTests {
  private static let key = try? PrivateKey(
    SecretBytes(copying: [UInt8](repeating: 7, count: 32).span.bytes))

  /// A world on 15 January 2027 with one payment's money.
  private func world() async throws -> (World, CloseDate) {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "t", ordinal: payment.terms.ordinal, value: 100_000))
    return (world, try #require(CloseDate("2027-01-15")))
  }

  private func close(_ world: World, _ date: CloseDate, now: Timestamp) async throws {
    let key = try #require(Self.key)
    try await world.database.write { connection in
      let close = try LedgerCloses.draft(date, now: now, in: connection)
      try LedgerCloses.store(
        close, close.signature(by: key), of: date, now: now, in: connection)
    }
  }

  private func differences(_ world: World, signers: Set<String>? = nil) async throws -> [String] {
    let key = try #require(Self.key)
    let signers = signers ?? [LedgerClose(date: "", document: "").signature(by: key).signer]
    return try await world.database.read {
      try LedgerCloses.differences(signers: signers, in: $0)
    }
  }

  @Test("a day is closed with what all accounts had at its end, and verifies")
  func closed() async throws {
    let (world, date) = try await world()
    let now = date.end.adding(seconds: 600)
    try await close(world, date, now: now)
    let stored = try #require(try await world.database.read { try LedgerCloses.last(in: $0) })
    let json = try JSONValue(parsing: Array(stored.close.document.utf8))
    #expect(json["date"]?.string == "2027-01-15")
    #expect(json["entries"]?.integer(Int.self) == 1)
    #expect(
      json["balances"]?.elements?.map { $0["account"]?.string } == ["received", "treasury"])
    #expect(json["previous"] == nil)
    #expect(try await differences(world) == [])
    #expect(try await differences(world, signers: [stored.signature.signer]) == [])
    #expect(try await differences(world, signers: ["0x00"]).count == 1)
  }

  @Test("what comes later changes no closed day, and the next holds the digest of the last")
  func chained() async throws {
    let (world, date) = try await world()
    try await close(world, date, now: date.end.adding(seconds: 600))
    world.now = date.end.adding(seconds: 700)
    try await world.mine(.init(transaction: "u", ordinal: 2, value: 5_000))
    #expect(try await differences(world) == [])
    let next = try #require(CloseDate("2027-01-16"))
    try await close(world, next, now: next.end.adding(seconds: 600))
    let all = try await world.database.read { try LedgerCloses.all(in: $0) }
    let json = try JSONValue(parsing: Array(try #require(all.last).close.document.utf8))
    #expect(json["previous"]?.string == all.first?.close.digest.hex)
    #expect(json["entries"]?.integer(Int.self) == 2)
    #expect(try await differences(world) == [])
  }

  @Test("a day is closed once, after its end, and never before a closed one")
  func order() async throws {
    let (world, date) = try await world()
    let early = date.end.adding(seconds: 599)
    await #expect(throws: LedgerCloses.Refusal.tooEarly(until: date.end.adding(seconds: 600))) {
      try await close(world, date, now: early)
    }
    let now = date.end.adding(seconds: 600)
    try await close(world, date, now: now)
    let before = try #require(CloseDate("2027-01-14"))
    for day in [date, before] {
      await #expect(throws: LedgerCloses.Refusal.closed(last: "2027-01-15")) {
        try await close(world, day, now: now)
      }
    }
  }

  @Test("an entry that is slipped into a closed day, or another's signature, is found")
  func tampered() async throws {
    let (world, date) = try await world()
    try await close(world, date, now: date.end.adding(seconds: 600))
    await #expect(throws: DatabaseError.self) {
      try await world.write("UPDATE ledger_closes SET signer = 'thief'")
    }
    await #expect(throws: DatabaseError.self) {
      try await world.write("DELETE FROM ledger_closes")
    }
    try await world.write(
      """
      INSERT INTO ledger_entries
        (subject, chain, contract, number, tenant, kind, postings, recorded_at)
      VALUES ('late', 'bitcoin-regtest', '', 1, 'roastery', 'booked', '[]', 1)
      """)
    #expect(
      try await differences(world) == ["2027-01-15: the entries make another close of that day"])
  }

  @Test("an entry that was changed is found, also where all sums stay the same")
  func renamed() async throws {
    let (world, date) = try await world()
    try await close(world, date, now: date.end.adding(seconds: 600))
    // By somebody who owns the tables.
    let isSQLite = try await world.database.read { $0.dialect == .sqlite }
    try await world.write(
      isSQLite
        ? "DROP TRIGGER ledger_entries_no_update"
        : "ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_append_only")
    try await world.write("UPDATE ledger_entries SET subject = subject || '0'")
    #expect(
      try await differences(world) == ["2027-01-15: the entries make another close of that day"])
  }

  @Test("what a late clock books goes behind the closed day")
  func lateClock() async throws {
    let (world, date) = try await world()
    try await close(world, date, now: date.end.adding(seconds: 600))
    world.now = date.end.adding(seconds: -300)
    try await world.mine(.init(transaction: "u", ordinal: 2, value: 5_000))
    #expect(try await differences(world) == [])
    let next = try #require(CloseDate("2027-01-16"))
    try await close(world, next, now: next.end.adding(seconds: 600))
    #expect(try await differences(world) == [])
  }

  @Test("a signature is over the whole text")
  func signature() throws {
    let key = try #require(Self.key)
    let close = LedgerClose(date: "2027-01-15", document: "{}")
    let signature = close.signature(by: key)
    #expect(close.isSigned(signature))
    #expect(!LedgerClose(date: "2027-01-15", document: "{ }").isSigned(signature))
    #expect(!close.isSigned(.init(signer: signature.signer, text: "0x00")))
  }

  @Test(
    "days",
    arguments: [
      ("1970-01-01", true), ("2024-02-29", true), ("2026-02-29", false), ("2026-2-28", false),
      ("2026-13-01", false), ("2026-00-10", false), ("", false), ("2026-11-21x", false),
      ("-026-11-21", false),
    ])
  func dates(text: String, isDay: Bool) {
    let date = CloseDate(text)
    #expect((date != nil) == isDay)
    if let date { #expect(date.start.description == "\(text)T00:00:00.000Z") }
  }

  @Test("entries are read by the time they were recorded at, pages long")
  func pages() async throws {
    let world = try await World.make()
    for block in 0..<3 {
      world.now = World.start.adding(seconds: Int64(block) * 100)
      let outputs = (0..<(block == 1 ? 1_200 : 5)).map {
        World.Output(transaction: "t\(block)-\($0)", ordinal: 1, value: 1_000)
      }
      try await world.advance([outputs])
    }
    let (start, end) = (World.start.adding(seconds: 50), World.start.adding(seconds: 150))
    let read = try await world.database.read { connection in
      var read: Set<String> = []
      try LedgerRecords.eachEntry(from: start, before: end, in: connection) {
        read.insert($0.subject)
      }
      return read.count
    }
    #expect(read == 1_200)
    let imbalances = try await world.database.read { try LedgerRecords.imbalances(in: $0) }
    #expect(imbalances.map(\.amount.description) == ["0"])
  }
}
