import Backups
import Database
import Foundation
import Payments
import SQLite
import Settlement
import TestDatabases
import TestSupport
import Testing

@Suite("Backups")
struct BackupTests {
  @Test("one taken while payments are made holds all of one moment", arguments: TestEngine.allCases)
  func live(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    let restored = try await OwnDatabase(engine)
    try await place.running { shop in
      try await withThrowingTaskGroup(of: Void.self) { group in
        let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
        group.addTask {
          for order in 1... {
            if Task.isCancelled { return }
            try await shop.pay(order)
            if order % 4 == 0 {
              try await shop.fill()
              try await shop.sequence()
            }
            continuation.yield(order)
          }
        }
        var made = numbers.makeAsyncIterator()
        _ = await made.next()
        let backup = try await place.backUp()
        group.cancelAll()
        try await group.waitForAll()
        try await BackedUp.restore(backup, to: restored, Restoration(lookAhead: 10))
        try await expectWhole(restored, of: shop, backup.manifest.contents)
      }
    }
  }

  /// What was restored is a beginning of what the live one holds.
  private func expectWhole(
    _ restored: OwnDatabase, of live: Shop, _ contents: BackupContents
  ) async throws {
    try await BackedUp.running(on: restored, epoch: 1) { shop in
      let payments = try await shop.count("payments")
      #expect(payments >= 1)
      #expect(contents.rows["payments"] == payments)
      #expect(try await shop.count("addresses WHERE payment_id IS NOT NULL") == payments)
      #expect(try await shop.count("event_subjects WHERE subject LIKE 'pay%'") == payments)
      #expect(contents.accounts.map(\.handedOut) == [payments])
      let events =
        "SELECT id, subject, sequence FROM events UNION SELECT id, subject, sequence FROM outbox"
      let all = Set(try await live.rows(events))
      #expect(try await shop.rows(events).allSatisfy { all.contains($0) })
    }
  }

  @Test("restored payments and events are the same", arguments: TestEngine.allCases)
  func same(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    let story = try await place.running { shop in
      let first = try await shop.pay(1)
      try await shop.pay(2)
      try await shop.receive(100_000, at: first.terms.ordinal)
      try await shop.sequence()
      return try await shop.story()
    }
    let backup = try await place.backUp()
    let contents = backup.manifest.contents
    #expect(contents.restoreEpoch == 0)
    #expect(contents.lastPosition > 2 && contents.waitingEvents == 0)
    #expect(contents.chains.map(\.tipHeight) == [101])
    #expect(contents.accounts.map(\.nextIndex) == [5])
    let restored = try await OwnDatabase(engine)
    let outcome = try await BackedUp.restore(backup, to: restored, Restoration(lookAhead: 3))
    #expect(
      outcome == Restoration.Outcome(formerEpoch: 0, epoch: 1, retired: 3, watchedAhead: 3))
    let restoredStory = try await BackedUp.running(on: restored, epoch: 1) {
      try await $0.story()
    }
    #expect(restoredStory == story)
  }

  @Test("a mere copy of a backup is started by nobody")
  func copied() async throws {
    let place = try await BackedUp(.sqlite)
    try await place.running { _ in }
    let backup = try await place.backUp()
    let copy = try SQLiteDatabase(path: backup.path)
    await #expect(throws: RestoreEpoch.Mismatch.restoreUnfinished) {
      try await copy.read { try RestoreEpoch.checkFinished(in: $0) }
    }
    try await copy.close()
  }

  @Test("a file is its owner's, and nothing is overwritten or left over")
  func file() async throws {
    let place = try await BackedUp(.sqlite)
    try await place.running { _ in }
    let backup = try await place.backUp()
    let attributes = try FileManager.default.attributesOfItem(atPath: backup.path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    await #expect(throws: BackupError.exists(backup.path)) { try await place.backUp() }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.scratch.url.path) == ["backup"])
    // It is a database for SQLite's own tools as well.
    let data = try #require(FileManager.default.contents(atPath: backup.path))
    #expect(data.starts(with: "SQLite format 3\0".utf8))
  }

  @Test(
    "a damaged one is refused, and nothing is made of it",
    arguments: TestEngine.allCases, [0.0, 0.2, 0.5, 0.9])
  func damaged(engine: TestEngine, share: Double) async throws {
    let place = try await BackedUp(engine)
    try await place.running { shop in try await shop.pay(1) }
    let backup = try await place.backUp()
    var data = try #require(FileManager.default.contents(atPath: backup.path))
    let spot = Int(Double(backup.manifest.bytes) * share)
    data[spot] ^= 0x20
    let path = try place.scratch.write("damaged", data)
    let damaged = try BackupFile(path: path)
    let error = BackupError.damaged(path, what: "its bytes aren't those that were written")
    await #expect(throws: error) { try await damaged.verify() }
    let target = try await OwnDatabase(engine)
    await #expect(throws: error) { try await BackedUp.restore(damaged, to: target) }
    if engine == .sqlite {
      #expect(!FileManager.default.fileExists(atPath: target.location))
    }
    // The place can be used for the sound one.
    try await backup.verify()
    try await BackedUp.restore(backup, to: target, Restoration(lookAhead: 1))
  }

  @Test("one that was cut off or grew, or another file, is refused at once")
  func cutOff() async throws {
    let place = try await BackedUp(.sqlite)
    try await place.running { _ in }
    let backup = try await place.backUp()
    let data = try #require(FileManager.default.contents(atPath: backup.path))
    for (name, other) in [
      ("half", data.prefix(data.count / 2)), ("short", data.dropLast()),
      ("without", data.prefix(Int(backup.manifest.bytes))), ("empty", Data()),
      ("text", Data("{}\n{}\n".utf8)),
    ] {
      let path = try place.scratch.write(name, other)
      #expect(throws: BackupError.notABackup(path), "\(name)") { try BackupFile(path: path) }
    }
    let path = try place.scratch.write("longer", Data("x".utf8) + data)
    #expect(throws: BackupError.damaged(path, what: "its length isn't what was written")) {
      try BackupFile(path: path)
    }
    let text = String(decoding: data.suffix(from: Int(backup.manifest.bytes)), as: UTF8.self)
    let newer = try place.scratch.write(
      "newer", text.replacing(#""paywatch_backup":1"#, with: #""paywatch_backup":2"#).utf8)
    #expect(throws: BackupError.unknownFormat(newer, 2)) { try BackupFile(path: newer) }
  }
}
