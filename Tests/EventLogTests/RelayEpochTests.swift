import Bytes
import Testing

@testable import EventLog

@Suite("The relay and restored databases")
struct RelayEpochTests {
  static let place = TopicPartition(.payment, 0)

  static func plan(_ record: RelayRecord, tail: RelayTail?, epoch: Int64) throws -> RelayPlan {
    var state = SinkState(partitions: RelayEvents.partitions(1), tails: [:])
    state.tails[place] = tail
    return try RelayPlan(record, at: state, epoch: epoch)
  }

  static func sent(_ record: RelayRecord, tail: RelayTail?, epoch: Int64) throws -> [Int64] {
    try plan(record, tail: tail, epoch: epoch).batch(of: RelayEvents.log(10, keys: 1))
      .messages.map(\.position)
  }

  @Test("a tail ahead of the database is refused, with a word on restore_epoch")
  func behind() {
    let error = RelayError.databaseIsBehind(
      topic: "payment-events", partition: 0, tail: RelayPosition(epoch: 0, position: 11),
      database: RelayPosition(epoch: 0, position: 10))
    #expect(throws: error) {
      try Self.plan(RelayEvents.record(last: 10), tail: RelayEvents.tail(11), epoch: 0)
    }
    #expect(error.description.contains("restore_epoch"))
    #expect(throws: Never.self) {
      try Self.plan(RelayEvents.record(last: 10), tail: RelayEvents.tail(10), epoch: 0)
    }
  }

  @Test("a tail of a later epoch is refused, however low it is")
  func laterEpoch() {
    #expect(throws: RelayError.self) {
      try Self.plan(
        RelayEvents.record(last: 10, epoch: 1, bases: [0: 0, 1: 5]),
        tail: RelayEvents.tail(1, epoch: 2), epoch: 1)
    }
  }

  @Test("the configured epoch must be the database's", arguments: [0, 2])
  func mismatch(epoch: Int64) {
    #expect(throws: RelayError.epochMismatch(configured: epoch, database: 1)) {
      try Self.plan(
        RelayEvents.record(last: 10, epoch: 1, bases: [0: 0, 1: 5]), tail: nil, epoch: epoch)
    }
  }

  @Test("after a restore, only what both histories have in common is left out")
  func newEpoch() throws {
    // The backup ended at 4; epoch 0 had gone on to 9, and its events 5 to 9 are lost.
    let record = RelayEvents.record(cursor: 2, last: 10, epoch: 1, bases: [0: 0, 1: 4])
    #expect(try Self.sent(record, tail: RelayEvents.tail(9), epoch: 1) == Array(5...10))
    #expect(try Self.sent(record, tail: RelayEvents.tail(3), epoch: 1) == Array(4...10))
    #expect(try Self.sent(record, tail: RelayEvents.tail(99), epoch: 1) == Array(5...10))
    #expect(try Self.sent(record, tail: RelayEvents.tail(6, epoch: 1), epoch: 1) == Array(7...10))
    #expect(try Self.sent(record, tail: nil, epoch: 1) == Array(3...10))
  }

  @Test("after two restores, the earlier of them limits what is in common")
  func twoEpochs() throws {
    let record = RelayEvents.record(last: 10, epoch: 3, bases: [0: 0, 1: 6, 3: 8])
    #expect(try Self.sent(record, tail: RelayEvents.tail(9), epoch: 3) == Array(7...10))
    #expect(try Self.sent(record, tail: RelayEvents.tail(9, epoch: 1), epoch: 3) == Array(9...10))
    // Epoch 2 is of another branch of history: what it had in common with ours is unknown.
    #expect(try Self.sent(record, tail: RelayEvents.tail(9, epoch: 2), epoch: 3) == Array(1...10))
  }

  @Test("an old backup that grew past the tail under its old epoch is found out")
  func overgrown() throws {
    let ours = RelayEvents.log(10, keys: 1)[6].event.id
    let record = RelayEvents.record(last: 10, ids: [7: ours])
    #expect(
      throws: RelayError.historiesDiffer(topic: "payment-events", partition: 0, position: 7)
    ) {
      try Self.plan(record, tail: RelayEvents.tail(7, id: .zero), epoch: 0)
    }
    #expect(try Self.sent(record, tail: RelayEvents.tail(7, id: ours), epoch: 0) == [8, 9, 10])
    // Retention may have taken the event from the log.
    #expect(try Self.sent(record, tail: RelayEvents.tail(6, id: .zero), epoch: 0).count == 4)
  }
}
