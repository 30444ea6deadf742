import Backups
import ChainTracking
import Database
import Foundation
import Leases
import Payments
import Settlement
import TestDatabases
import TestSupport
import Testing
import Watching

/// Case 58: an older database is restored.
@Suite("Restoring")
struct RestoreTests {
  @Test(
    "no address is handed out again, and money for a lost payment is told",
    arguments: TestEngine.allCases)
  func addresses(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    var handedOut: [String] = []
    let (backup, before) = try await place.running { shop in
      let before = try await [shop.pay(1), shop.pay(2)]
      return (try await place.backUp(), before)
    }
    let lost = try await place.running { shop in
      var lost = [try await shop.pay(3)]
      for order in 4...12 {
        try await shop.fill()
        lost.append(try await shop.pay(order))
      }
      return lost
    }
    handedOut = (before + lost).map(\.terms.address)

    let restored = try await OwnDatabase(engine)
    try await BackedUp.restore(backup, to: restored, Restoration(lookAhead: 20))
    try await BackedUp.running(on: restored, epoch: 1) { shop in
      for order in 3...12 {
        try await shop.fill()
        handedOut.append(try await shop.pay(order).terms.address)
      }
      #expect(Set(handedOut).count == 22)
      // Money comes to each lost payment's address.
      for (number, payment) in lost.enumerated() {
        let ordinal = try #require(try await shop.ordinal(of: payment.terms.address))
        try await shop.receive(UInt64(10_000 + number), at: ordinal)
      }
      try await shop.sequence()
      let told = try await shop.rows(
        "SELECT data FROM events WHERE type = 'transfer.confirmed' ORDER BY position")
      #expect(told.count == lost.count)
      #expect(told.allSatisfy { !$0.contains("payment_id") })
    }
  }

  @Test("addresses of epochs between the backup's and the new one are watched too")
  func epochsBetween() async throws {
    let place = try await BackedUp(.sqlite)
    let backup = try await place.running { shop in
      try await shop.pay(1)
      return try await place.backUp()
    }
    // A first restore of it, which is lost in turn.
    let second = try await OwnDatabase(.sqlite)
    try await BackedUp.restore(backup, to: second)
    let lost = try await BackedUp.running(on: second, epoch: 1) { try await $0.pay(2) }
    let third = try await OwnDatabase(.sqlite)
    let outcome = try await BackedUp.restore(
      backup, to: third, Restoration(epoch: 2, lookAhead: 10))
    #expect(outcome.watchedAhead == 20)
    try await BackedUp.running(on: third, epoch: 2) { shop in
      #expect(try await shop.ordinal(of: lost.terms.address) != nil)
      let first = try Shop.address(0, epoch: 2)
      #expect(try await shop.pay(3).terms.address == first)
    }
  }

  @Test(
    "a snapshot from before the backup is believed, and a later one isn't",
    arguments: TestEngine.allCases)
  func watchSnapshots(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    let (early, late) = (place.scratch.path("early"), place.scratch.path("late"))
    let (backup, through) = try await place.running { shop in
      let watched = try await shop.keepSnapshot(in: early)
      return (try await place.backUp(), watched.through)
    }
    try await place.running { shop in
      for order in 1...8 {
        try await shop.pay(order)
        try await shop.fill()
      }
      try await shop.keepSnapshot(in: late)
      #expect(try await shop.snapshots(in: early).load(key: (1, 2))?.through == through)
    }
    let restored = try await OwnDatabase(engine)
    try await BackedUp.restore(backup, to: restored, Restoration(lookAhead: 20))
    try await BackedUp.running(on: restored, epoch: 1) { shop in
      let loaded = try #require(try await shop.snapshots(in: early).load(key: (1, 2)))
      #expect(loaded.through == through)
      await #expect(throws: WatchSnapshot.Refusal.unknown) {
        _ = try await shop.snapshots(in: late).load(key: (1, 2))
      }
      // The rows that came with the restore go on where it ends.
      var set = loaded.set
      for script in try await shop.scripts(after: through) {
        set.insert(script: script.scriptPubKey, ordinal: script.ordinal)
      }
      #expect(set.parts == (try await shop.watched()).set.parts)
    }
  }

  @Test("an epoch that isn't higher is refused, and nothing is made")
  func lowEpoch() async throws {
    let place = try await BackedUp(.sqlite)
    try await place.running(epoch: 3) { _ in }
    let backup = try await place.backUp()
    let target = try await OwnDatabase(.sqlite)
    for epoch in [Int64(1), 3] {
      await #expect(throws: Restoration.Failure.epochNotHigher(epoch: epoch, database: 3)) {
        try await BackedUp.restore(backup, to: target, Restoration(epoch: epoch))
      }
    }
    for epoch in [Int64(-1), 0, 1 << 31, .max] {
      await #expect(throws: Restoration.Failure.epochOutOfRange(epoch)) {
        try await BackedUp.restore(backup, to: target, Restoration(epoch: epoch))
      }
    }
    await #expect(throws: Restoration.Failure.lookAheadOutOfRange(-1)) {
      try await BackedUp.restore(backup, to: target, Restoration(lookAhead: -1))
    }
    await #expect(throws: Restoration.Failure.self) {
      try await BackedUp.restore(
        backup, to: target, Restoration(epoch: 1_000_000, lookAhead: 1_000_000))
    }
    #expect(!FileManager.default.fileExists(atPath: target.location))
    #expect(try await BackedUp.restore(backup, to: target).epoch == 4)
  }

  @Test("only an empty place is restored into", arguments: TestEngine.allCases)
  func notEmpty(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    try await place.running { _ in }
    let backup = try await place.backUp()
    let story = try await place.running { shop in
      try await shop.pay(1)
      return try await shop.story()
    }
    await #expect(throws: BackupError.self) {
      try await BackedUp.restore(backup, to: place.store)
    }
    // Not touched, and still usable.
    #expect(try await place.running { try await $0.story() } == story)
    if engine == .sqlite {
      let target = try await OwnDatabase(.sqlite)
      try Data().write(to: URL(filePath: target.location + "-wal"))
      await #expect(throws: BackupError.exists(target.location + "-wal")) {
        try await BackedUp.restore(backup, to: target)
      }
    }
    let other = try await OwnDatabase(engine == .sqlite ? .postgreSQL : .sqlite)
    await #expect(throws: BackupError.otherEngine(backup: backup.manifest.engine)) {
      try await BackedUp.restore(backup, to: other)
    }
  }

  @Test("a process starts with the database's epoch only", arguments: TestEngine.allCases)
  func starting(engine: TestEngine) async throws {
    let place = try await BackedUp(engine)
    try await place.running(epoch: 2) { _ in }
    for (configured, mismatch) in [
      (Int64(1), RestoreEpoch.Mismatch.configurationBehind(configured: 1, database: 2)),
      (3, .configurationAhead(configured: 3, database: 2)),
    ] {
      await #expect(throws: mismatch) { try await place.running(epoch: configured) { _ in } }
    }
    let backup = try await place.backUp()
    let restored = try await OwnDatabase(engine)
    try await BackedUp.restore(backup, to: restored)
    let mismatch = RestoreEpoch.Mismatch.configurationBehind(configured: 2, database: 3)
    await #expect(throws: mismatch) {
      try await BackedUp.running(on: restored, epoch: 2) { _ in }
    }
    try await BackedUp.running(on: restored, epoch: 3) { try await $0.pay(1) }
  }

  @Test("no epoch begins under a process that is at work")
  func inUse() async throws {
    let place = try await BackedUp(.sqlite)
    try await place.running { shop in
      let lease = try await shop.database.write {
        try Leases.acquire("watcher:x", holder: "a", milliseconds: 60_000, in: $0)
      }
      await #expect(throws: Restoration.Failure.inUse(lease: "watcher:x", holder: "a")) {
        try await begin(on: shop)
      }
      let held = try #require(lease)
      try await shop.database.write { try Leases.release(held, in: $0) }
      try await begin(on: shop)
    }
    try await place.running(epoch: 1) { try await $0.pay(1) }
  }

  private func begin(on shop: Shop) async throws {
    var restoration = Restoration(lookAhead: 1)
    restoration.isInPlace = true
    _ = try await shop.database.write { [restoration] in try restoration.apply(in: $0) }
  }

  @Test("who held a lease when the backup was taken, or later, can't write under it")
  func leases() async throws {
    let place = try await BackedUp(.sqlite)
    let (backup, then) = try await place.running { shop in
      let lease = try await shop.database.write {
        try Leases.acquire("watcher:x", holder: "a", milliseconds: 60_000, in: $0)
      }
      return (try await place.backUp(), try #require(lease))
    }
    let later = try await place.running { shop in
      try await shop.database.write {
        try Leases.acquire("watcher:x", holder: "a", milliseconds: 60_000, in: $0)
      }
    }
    let restored = try await OwnDatabase(.sqlite)
    try await BackedUp.restore(backup, to: restored)
    try await BackedUp.running(on: restored, epoch: 1) { shop in
      for lease in [then, try #require(later)] {
        await #expect(throws: LeaseLost(lease)) {
          try await shop.database.write { try Leases.check(lease, in: $0) }
        }
      }
      let new = try await shop.database.write {
        try Leases.acquire("watcher:x", holder: "b", milliseconds: 1_000, in: $0)
      }
      #expect(try #require(new).epoch > 1 << 32)
    }
  }
}
