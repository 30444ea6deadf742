import Bytes
import ChainTypes
import Foundation
import JSON
import Payments
import Payouts
import Signing
import TestSupport
import Testing

@Suite("what was signed before")
struct RecordTests {
  let scene: SigningScene
  private let tomorrow = SigningRecord.Day(number: SigningScene.today.number + 1)

  init() throws { scene = try SigningScene() }

  private func job(
    _ transactions: UnsignedTransaction..., perDay: String = "0.04"
  ) throws -> SigningJob {
    var settings = SigningScene.Settings()
    settings.refunds = "any"
    settings.bitcoinLimit = #"{ asset: BTC, per_transaction: "0.02", per_day: "\#(perDay)" }"#
    return try SigningJob(.batch(scene.batch(transactions)), policy: scene.policy(settings))
  }

  private func refund(
    _ number: UInt64, value: UInt64 = 1_500_000, salt: UInt32? = nil
  ) throws -> UnsignedTransaction {
    try scene.refund(
      value: value, id: number, refund: number, salt: salt ?? UInt32(number))
  }

  @Test("the day's total, fees with it, has its limit, and another day begins anew")
  func days() throws {
    let today = SigningScene.today
    var record = SigningRecord()
    for number in 1...2 as ClosedRange<UInt64> {
      let job = try job(refund(number))
      #expect(job.refusals(record: record, today: today) == [])
      record = job.noted(in: record, today: today)
    }
    let third = try job(refund(3))
    #expect(
      third.refusals(record: record, today: today).contains {
        $0.contains("With it, 0.04504230 BTC leave on 2026-09-21")
      })
    #expect(third.refusals(record: record, today: tomorrow) == [])
    #expect(try job(refund(3), perDay: "0.0450423").refusals(record: record, today: today) == [])
  }

  @Test("transactions of one batch count together")
  func together() throws {
    let job = try job(refund(1), refund(2), refund(3))
    let refusals = job.refusals(record: SigningRecord(), today: SigningScene.today)
    #expect(refusals.count == 1 && refusals[0].contains("With it, 0.04504230 BTC"))
  }

  @Test("the same batch again counts once, also on another day")
  func again() throws {
    let job = try job(refund(1), refund(2))
    let record = job.noted(in: SigningRecord(), today: SigningScene.today)
    #expect(job.refusals(record: record, today: SigningScene.today) == [])
    #expect(job.noted(in: record, today: SigningScene.today) == record)
    #expect(job.noted(in: record, today: tomorrow) == record)
  }

  @Test("a replacement counts by what it pays more")
  func replacement() throws {
    let chain = try #require(ChainName("bitcoin-regtest"))
    let first = try job(refund(1))
    var record = first.noted(in: SigningRecord(), today: SigningScene.today)
    let second = try job(refund(1, value: 1_600_000))
    record = second.noted(in: record, today: SigningScene.today)
    #expect(record.total("BTC", on: chain, day: SigningScene.today) == 1_601_410)
    record = first.noted(in: record, today: tomorrow)
    #expect(record.total("BTC", on: chain, day: tomorrow) == .zero)
    let third = try job(refund(1, value: 1_700_000))
    record = third.noted(in: record, today: tomorrow)
    #expect(record.total("BTC", on: chain, day: tomorrow) == 100_000)
    #expect(record.total("BTC", on: chain, day: SigningScene.today) == 1_601_410)
  }

  @Test("a refund is signed again only where the first transaction can't be mined, too")
  func twice() throws {
    let record = try job(refund(1)).noted(in: SigningRecord(), today: SigningScene.today)
    let elsewhere = try scene.refund(id: 2, refund: 1, salt: 9)
    #expect(
      try job(elsewhere).refusals(record: record, today: SigningScene.today).contains {
        $0.contains("it would be paid twice")
      })
    let instead = try scene.refund(value: 1_400_000, id: 2, refund: 1, salt: 1)
    #expect(try job(instead).refusals(record: record, today: SigningScene.today) == [])
    let inOneBatch = try job(refund(1), elsewhere)
    #expect(
      inOneBatch.refusals(record: SigningRecord(), today: SigningScene.today).contains {
        $0.contains("it would be paid twice")
      })
  }

  @Test("two transactions of a batch that use one coin are refused")
  func sameSlot() throws {
    let job = try job(refund(1), refund(2, salt: 1))
    #expect(
      job.refusals(record: SigningRecord(), today: SigningScene.today).contains {
        $0.contains("one alone can be mined")
      })
  }

  @Test("a clock that went back is refused")
  func clock() throws {
    let record = try job(refund(1)).noted(in: SigningRecord(), today: tomorrow)
    #expect(
      try job(refund(2)).refusals(record: record, today: SigningScene.today).contains {
        $0.contains("set the clock")
      })
  }

  @Test("a clock that goes far ahead is asked about before anything is forgotten by it")
  func pause() throws {
    let record = try job(refund(1)).noted(in: SigningRecord(), today: SigningScene.today)
    func refusals(after days: Int64, said: Bool) throws -> [String] {
      try job(refund(2)).refusals(
        record: record, today: SigningRecord.Day(number: SigningScene.today.number + days),
        afterPause: said)
    }
    let longest = SigningRecord.longestPauseDays
    #expect(try refusals(after: longest, said: false) == [])
    #expect(try refusals(after: longest + 1, said: false).contains { $0.contains("--after-pause") })
    #expect(try refusals(after: longest + 1, said: true) == [])
  }

  @Test("what goes back of a payment is never more than it received, whatever refunds are called")
  func receipts() throws {
    func job(_ number: UInt64, receipts: UInt256) throws -> SigningJob {
      try self.job(
        scene.refund(id: number, refund: number, salt: UInt32(number), receipts: receipts),
        perDay: "1")
    }
    let today = SigningScene.today
    var record = try job(1, receipts: 1_500_000).noted(in: SigningRecord(), today: today)
    #expect(try job(1, receipts: 1_500_000).refusals(record: record, today: today) == [])
    #expect(
      try job(2, receipts: 2_999_999).refusals(record: record, today: today).contains {
        $0.contains("With it, 0.03000000 BTC would go back of \(SigningScene.id("pay", 3))")
      })
    #expect(try job(2, receipts: 3_000_000).refusals(record: record, today: today) == [])
    // In one batch, too.
    let both = try self.job(
      scene.refund(id: 2, refund: 2, salt: 2, receipts: 2_000_000),
      scene.refund(id: 3, refund: 3, salt: 3, receipts: 2_000_000), perDay: "1")
    #expect(
      both.refusals(record: SigningRecord(), today: today).contains {
        $0.contains("would go back of")
      })
    // An operator knows that the first can't be mined any more.
    record.forget(refunds: [SigningScene.id("ref", 1)])
    #expect(try job(2, receipts: 1_500_000).refusals(record: record, today: today) == [])
  }

  @Test("an attestation is for so much, and not for as much again")
  func attestedAmount() throws {
    let address = try scene.address(SigningScene.payerPath)
    let attestation = try scene.attestation(
      address: address, chain: "bitcoin-regtest", asset: "BTC", amount: "0.02000000",
      kind: .bip322, path: SigningScene.payerPath)
    func job(_ number: UInt64, _ value: UInt64) throws -> SigningJob {
      var settings = SigningScene.Settings()
      settings.bitcoinLimit = #"{ asset: BTC, per_transaction: "0.03", per_day: "1" }"#
      let refund = try scene.refund(
        to: address, value: value, id: number, refund: number, salt: UInt32(number),
        attestation: attestation)
      return try SigningJob(.batch(scene.batch([refund])), policy: scene.policy(settings))
    }
    let today = SigningScene.today
    let record = try job(1, 1_500_000).noted(in: SigningRecord(), today: today)
    #expect(try job(2, 500_000).refusals(record: record, today: today) == [])
    #expect(
      try job(2, 500_001).refusals(record: record, today: today).contains {
        $0.contains("than the attested 0.02000000 BTC")
      })
  }

  @Test("the record comes back from its file, and is forgotten after its time")
  func file() throws {
    let job = try job(refund(1), refund(2))
    let record = job.noted(in: SigningRecord(), today: SigningScene.today)
    #expect(try SigningRecord(parsing: record.json.bytes) == record)
    var later = record
    later.removeEntries(
      before: SigningRecord.Day(number: SigningScene.today.number + SigningRecord.keptDays))
    #expect(later == record)
    later.removeEntries(
      before: SigningRecord.Day(number: SigningScene.today.number + SigningRecord.keptDays + 1))
    #expect(later == SigningRecord())
    let file = record.json.bytes
    for count in stride(from: 0, to: file.count, by: 7) {
      #expect(throws: SigningRecord.ReadingError.notARecord) {
        try SigningRecord(parsing: Array(file[..<count]))
      }
    }
    for (text, other) in [(#""BTC":"1501410""#, #""BTC":1"#), ("2026-09-21", "2026-09-00")] {
      let changed = record.json.json.replacing(text, with: other)
      #expect(throws: SigningRecord.ReadingError.notARecord) {
        try SigningRecord(parsing: Array(changed.utf8))
      }
    }
  }

  @Test("on disk the record is one process's at a time, private, and refused where damaged")
  func disk() throws {
    let policy = try scene.policy()
    let file = try RecordFile(policy)
    #expect(throws: RecordFile.Failure.inUse) {
      _ = try RecordFile(policy)
    }
    #expect(try file.read() == SigningRecord())
    let record = try job(refund(1)).noted(in: SigningRecord(), today: SigningScene.today)
    try file.write(record)
    try file.write(record)
    #expect(try file.read() == record)
    let attributes = try FileManager.default.attributesOfItem(atPath: policy.recordPath)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: scene.directory.url.path())
    #expect(
      names.sorted() == [
        "policy.yaml", "policy.yaml.record.json", "policy.yaml.record.json.lock",
      ])
    try scene.directory.write("policy.yaml.record.json", [UInt8(ascii: "{")])
    #expect(throws: RecordFile.Failure.damaged(path: policy.recordPath)) { try file.read() }
  }

  @Test("a file is made whole and never over another")
  func wholeFiles() throws {
    let path = scene.directory.path("signed")
    try WholeFile.create(path, [1, 2, 3])
    #expect(throws: WholeFile.Failure.exists(path)) { try WholeFile.create(path, [4]) }
    #expect(try WholeFile.read(path, limit: 3) == [1, 2, 3])
    #expect(throws: WholeFile.Failure.tooLarge(path, bytes: 3)) {
      try WholeFile.read(path, limit: 2)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scene.directory.url.path()).count == 1)
    #expect(throws: WholeFile.Failure.self) {
      try WholeFile.create(scene.directory.path("none/signed"), [1])
    }
  }
}
