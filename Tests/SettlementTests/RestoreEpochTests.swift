import Database
import EventLog
import SQLite
import Settlement
import Testing

@Suite("The restore epoch")
struct RestoreEpochTests {
  @Test("a new database takes over the configured one, and then only that fits")
  func adoption() async throws {
    let database = try await World.database()
    try await database.write { try RestoreEpoch.agree(on: 3, in: $0) }
    try await database.write { try RestoreEpoch.agree(on: 3, in: $0) }
    #expect(try await database.read { try RestoreEpochs.current(in: $0) } == 3)
    await #expect(throws: RestoreEpoch.Mismatch.configurationBehind(configured: 2, database: 3)) {
      try await database.write { try RestoreEpoch.agree(on: 2, in: $0) }
    }
    await #expect(throws: RestoreEpoch.Mismatch.configurationAhead(configured: 4, database: 3)) {
      try await database.write { try RestoreEpoch.agree(on: 4, in: $0) }
    }
    #expect(try await database.read { try RestoreEpochs.bases(in: $0) } == [3: 0])
  }

  @Test("a database from before epochs were kept isn't taken below its accounts'")
  func accounts() async throws {
    let world = try await World.make()
    try await world.write("UPDATE accounts SET epoch = 2")
    await #expect(throws: RestoreEpoch.Mismatch.configurationBehind(configured: 1, database: 2)) {
      try await world.database.write { try RestoreEpoch.agree(on: 1, in: $0) }
    }
    try await world.database.write { try RestoreEpoch.agree(on: 2, in: $0) }
  }

  @Test("an epoch begins where the log ends, and above all earlier ones")
  func bases() async throws {
    let world = try await World.make()
    try await world.database.write { try RestoreEpoch.agree(on: 0, in: $0) }
    try await world.create(world.request("order-1"))
    try await Sequencer(database: world.database).drain()
    try await world.database.write { try RestoreEpochs.begin(2, in: $0) }
    #expect(try await world.database.read { try RestoreEpochs.bases(in: $0) } == [0: 0, 2: 1])
    // Of a copy that was put in place only what the relay had sent is certain.
    try await world.database.write { try RestoreEpochs.begin(3, sharing: 0, in: $0) }
    #expect(
      try await world.database.read { try RestoreEpochs.bases(in: $0) } == [0: 0, 2: 1, 3: 0])
    for epoch in [Int64(1), 3] {
      await #expect(throws: RestoreEpochs.Failure.notHigher(epoch: epoch, database: 3)) {
        try await world.database.write { try RestoreEpochs.begin(epoch, in: $0) }
      }
    }
  }

  @Test("a database whose restore was cut off is refused")
  func unfinished() async throws {
    let database = try await World.database()
    try await database.read { try RestoreEpoch.checkFinished(in: $0) }
    try await database.write {
      _ = try $0.execute("CREATE TABLE \(RestoreEpoch.unfinishedTable) (since TEXT)")
    }
    await #expect(throws: RestoreEpoch.Mismatch.restoreUnfinished) {
      try await database.read { try RestoreEpoch.checkFinished(in: $0) }
    }
  }
}
