import Database
import Foundation
import TestSupport
import Testing

@Suite("payctl on a database")
struct RecordsTests {
  private struct Address: Decodable {
    let ordinal: Int
    let address: String
    let account: Int
    let index: Int
    let paymentId: String?
  }

  private struct AddressPage: Decodable {
    let address: Address
    let descriptor: String
    let transfers: [Transfer]
    let incomes: [Income]

    struct Income: Decodable {
      let chain: String
      let source: String
      let amountMinor: String
      let blockHeight: Int
    }

    struct Transfer: Decodable {
      let vout: Int
      let amountMinor: String
      let state: String
    }
  }

  private struct Payment: Decodable {
    let id: String
    let status: String
    let address: String
    let dueMinor: String
    let receivedMinor: String
    let resolvedBy: String?
  }

  private struct Line: Decodable {
    let position: Int
    let event: Event

    struct Event: Decodable {
      let type: String
      let subject: String
      let sequence: Int
    }
  }

  private struct Status: Decodable {
    let chain: String
    let tipHeight: Int
    let addressesThrough: Int
    let addresses: Int
    let halt: String?
  }

  private struct Coverage: Decodable {
    let ranges: [Range]
    let holes: [String]

    struct Range: Decodable {
      let fromHeight: Int
      let throughHeight: Int
    }
  }

  @Test("addresses with their ordinals, indexes and payments")
  func addresses() async throws {
    let sample = try await SampleDatabase()
    let all = try sample.payctl("address", "list", "--format", "json").objects(Address.self)
    #expect(all.map(\.ordinal) == [1, 2, 3, 4, 5])
    #expect(all.map(\.index) == [0, 1, 2, 3, 4])
    #expect(all.map(\.paymentId) == [sample.partly, sample.empty, nil, nil, nil])
    let free = try sample.payctl(
      "address", "list", "--free", "--after", "3", "--limit", "1", "--format", "json")
    #expect(try free.objects(Address.self).map(\.ordinal) == [4])
    #expect(try sample.payctl("address", "list", "--tenant", "other").lines.count == 1)

    let shown = try sample.payctl(
      "address", "show", try #require(all.first).address.uppercased(), "--format", "json")
    let page = try #require(try shown.objects(AddressPage.self).first)
    #expect(page.address.ordinal == 1)
    #expect(page.address.paymentId == sample.partly)
    #expect(page.descriptor.hasPrefix("wpkh([73c5da0a/84h/1h/0h]tpub"))
    #expect(page.transfers.map(\.amountMinor) == ["40000"])
    #expect(page.transfers.map(\.state) == ["confirmed"])
    #expect(try sample.payctl("address", "show", all[0].address).output.contains(sample.partly))
    #expect(page.incomes.isEmpty)
    try await sample.change {
      try $0.execute(
        """
        INSERT INTO incomes (chain, block_height, ordinal, source, family, block_hash, value,
          booked_at)
        VALUES ('bitcoin-regtest', 101, 1, 'withdrawal:7', 'bitcoin', $1, '9000000000', 5)
        """, [.blob([UInt8](repeating: 7, count: 32))])
    }
    let booked = try sample.payctl("address", "show", all[0].address, "--format", "json")
    let income = try #require(try booked.objects(AddressPage.self).first?.incomes.first)
    #expect(income.chain == "bitcoin-regtest")
    #expect(income.source == "withdrawal:7")
    #expect(income.amountMinor == "9000000000")
    #expect(income.blockHeight == 101)
    #expect(
      try sample.payctl("address", "show", all[0].address).output.contains(
        "bitcoin-regtest/withdrawal:7"))
    #expect(try sample.payctl("address", "show", "bcrt1qnothing").status == 1)
  }

  @Test("payments are listed, shown, canceled, accepted and resolved")
  func payments() async throws {
    let sample = try await SampleDatabase()
    let all = try sample.payctl("payment", "list", "--format", "json").objects(Payment.self)
    #expect(all.map(\.id) == [sample.partly, sample.empty])
    #expect(all.map(\.status) == ["partially_paid", "open"])
    let open = try sample.payctl("payment", "list", "--status", "open", "--format", "json")
    #expect(try open.objects(Payment.self).map(\.id) == [sample.empty])
    #expect(try sample.payctl("payment", "list", "--status", "odd").status == 64)
    let shown = try sample.payctl("payment", "show", sample.partly)
    #expect(shown.output.contains("0.00040000 BTC"))
    #expect(try sample.payctl("payment", "show", "pay_nothing").errors.contains("no payment"))

    let refused = try sample.payctl("payment", "cancel", sample.partly, "--by", "ada")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("can't be canceled"))
    let canceled = try sample.payctl(
      "payment", "cancel", sample.empty, "--by", "ada", "--format", "json")
    #expect(try canceled.objects(Payment.self).first?.status == "canceled")

    let tooMuch = try sample.payctl(
      "payment", "accept", sample.partly, "--by", "ada", "--due-minor", "100001")
    #expect(tooMuch.status == 1)
    #expect(try sample.payctl("payment", "accept", sample.empty, "--by", "ada").status == 1)
    let accepted = try sample.payctl(
      "payment", "accept", sample.partly, "--by", "ada", "--format", "json")
    let payment = try #require(try accepted.objects(Payment.self).first)
    #expect(payment.status == "paid")
    #expect(payment.dueMinor == "40000")
    #expect(
      try sample.payctl("payment", "resolve", sample.partly, "--by", "ada", "--reason", "x")
        .status == 1)
  }

  @Test("a short payment is resolved with who and why")
  func resolution() async throws {
    let sample = try await SampleDatabase()
    let outcome = try sample.payctl(
      "payment", "resolve", sample.partly, "--by", "ada", "--reason", "refunded", "--format",
      "json")
    let payment = try #require(try outcome.objects(Payment.self).first)
    #expect(payment.status == "resolved")
    #expect(payment.resolvedBy == "ada")
  }

  @Test("events in order, from a position on, of a type and of a subject")
  func events() async throws {
    let sample = try await SampleDatabase()
    let all = try sample.payctl("events").objects(Line.self)
    #expect(all.map(\.position) == Array(1...4))
    #expect(
      all.map(\.event.type) == [
        "payment.created", "payment.created", "transfer.confirmed", "payment.partially_paid",
      ])
    let rest = try sample.payctl("events", "--after", "3").objects(Line.self)
    #expect(rest.map(\.position) == [4])
    let typed = try sample.payctl(
      "events", "--type", "payment.created", "--type", "payment.paid", "--subject", sample.empty)
    #expect(try typed.objects(Line.self).map(\.position) == [2])
  }

  @Test("a halted chain is told, and resumed only when confirmed")
  func halt() async throws {
    let sample = try await SampleDatabase()
    let before = try sample.payctl("chain", "status", "--format", "json")
    #expect(before.status == 0)
    let status = try #require(try before.objects(Status.self).first)
    #expect(status.chain == "bitcoin-regtest")
    #expect(status.tipHeight == 101)
    #expect(status.addressesThrough == 5 && status.addresses == 5)
    #expect(
      try sample.payctl("chain", "resume", "bitcoin-regtest", "--by", "ada", "--confirm").errors
        .contains("isn't halted"))

    try await sample.append(102, halt: "a reorg took back 7 blocks")
    let halted = try sample.payctl("chain", "status")
    #expect(halted.status == 1)
    #expect(halted.output.contains("a reorg took back 7 blocks"))
    let asked = try sample.payctl("chain", "resume", "bitcoin-regtest", "--by", "ada")
    #expect(asked.status == 1)
    #expect(asked.errors.contains("a reorg took back 7 blocks. Resume it with --confirm"))
    let resumed = try sample.payctl(
      "chain", "resume", "bitcoin-regtest", "--by", "ada", "--confirm")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try sample.payctl("chain", "status").status == 0)
    #expect(try sample.payctl("chain", "resume", "none", "--by", "ada").status == 1)
    try await sample.change { _ in }
    let told = try sample.payctl("events", "--subject", "bitcoin-regtest").objects(Line.self)
    #expect(told.map(\.event.type) == ["chain.halted", "chain.resumed"])
    #expect(told.map(\.event.sequence) == [1, 2])
    // A watcher that stood on the halted cursor reads it again and goes on.
    try await sample.append(103)
    #expect(try sample.payctl("chain", "status").output.contains("103"))
  }

  @Test("coverage without holes is told as such, and a hole by its heights")
  func coverage() async throws {
    let sample = try await SampleDatabase()
    for height in UInt32(102)...105 { try await sample.append(height) }
    let whole = try sample.payctl("coverage", "bitcoin-regtest", "--format", "json")
    #expect(whole.status == 0, "\(whole.output)")
    let coverage = try #require(try whole.objects(Coverage.self).first)
    #expect(coverage.ranges.first?.fromHeight == 101)
    #expect(coverage.ranges.last?.throughHeight == 105)
    #expect(coverage.holes.isEmpty)

    try await sample.change { connection in
      try connection.execute("DELETE FROM coverage WHERE from_height IN (103, 105)")
    }
    let holes = try sample.payctl("coverage")
    #expect(holes.status == 1)
    #expect(holes.output.contains("HOLE: blocks 103 to 103 were not scanned"))
    #expect(holes.output.contains("HOLE: blocks 105 to 105 were not scanned"))
    #expect(try sample.payctl("coverage", "bitcoin").status == 1)
  }

  @Test("a database that isn't there, or isn't Paywatch's, is refused and left alone")
  func refusedDatabases() async throws {
    let scratch = try TemporaryDirectory()
    let missing = scratch.url.appending(path: "none.sqlite").path
    let empty = try scratch.write("empty.sqlite", "".utf8)
    let other = try scratch.write("other.sqlite", "SQLite format 4 and so on".utf8)
    for (path, reason) in [
      (missing, "is not there"), (empty, "is no SQLite"), (other, "is no SQLite"),
    ] {
      let outcome = try Program.payctl.run(["chain", "status", "--database", path])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(reason), "\(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: missing))
    #expect(try FileManager.default.attributesOfItem(atPath: empty)[.size] as? Int == 0)

    let sample = try await SampleDatabase()
    try await sample.change { connection in
      try connection.execute(
        """
        UPDATE schema_migrations SET number = 99
        WHERE component = 'settlement' AND number =
          (SELECT MAX(number) FROM schema_migrations WHERE component = 'settlement')
        """)
    }
    #expect(try sample.payctl("chain", "status").errors.contains("is newer than this program"))
    try await sample.change { connection in
      try connection.execute("DELETE FROM schema_migrations WHERE number = 99")
    }
    #expect(try sample.payctl("chain", "status").errors.contains("is older than this program"))
  }
}
