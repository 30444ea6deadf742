import EventLog
import Synchronization

/// Brokers as the relay relies on them to be, in memory: transactions that are visible whole or not
/// at all, and one producer at a time. Each `publish` can fail at a named point.
final class ModelBroker: EventSink {
  /// Where a `publish` fails, with what was done by then.
  enum Fault: CaseIterable {
    /// Nothing was sent.
    case beforeSending
    /// Something was sent, nothing committed.
    case beforeCommit
    /// All were committed, but nobody heard of it.
    case afterCommit
  }

  struct Entry: Equatable {
    let position: Int64
    let epoch: Int64
    let key: [UInt8]
    let value: [UInt8]
  }

  private struct State {
    var committed: [TopicPartition: [Entry]] = [:]
    var producer = 0
    var openFailures = 0
    var faults: [Fault?] = []
    var transactions = 0
  }

  private let state = Mutex(State())
  let partitions: Int32

  init(partitions: Int32 = 3) { self.partitions = partitions }

  /// What a reader of committed messages sees.
  var committed: [TopicPartition: [Entry]] { state.withLock(\.committed) }

  var transactionCount: Int { state.withLock(\.transactions) }

  /// The next calls of `publish` fail so, one after the other; nil for one that succeeds.
  func plan(_ faults: [Fault?]) { state.withLock { $0.faults += faults } }

  func failOpening(_ count: Int) { state.withLock { $0.openFailures = count } }

  func open() async throws -> any EventSinkSession {
    try state.withLock { state in
      if state.openFailures > 0 {
        state.openFailures -= 1
        throw EventSinkError.unavailable("no broker")
      }
      state.producer += 1
      var found = SinkState(partitions: [:], tails: [:])
      for topic in EventTopic.allCases { found.partitions[topic] = partitions }
      for (place, entries) in state.committed {
        guard let last = entries.last else { continue }
        found.tails[place] = RelayTail(
          place: RelayPosition(epoch: last.epoch, position: last.position),
          eventID: CloudEvent.id(inJSON: last.value))
      }
      return Session(broker: self, producer: state.producer, state: found)
    }
  }

  private struct Session: EventSinkSession {
    let broker: ModelBroker
    let producer: Int
    let state: SinkState

    func publish(_ batch: RelayBatch) async throws {
      try broker.state.withLock { state in
        guard state.producer == producer else { throw EventSinkError.fenced("a newer producer") }
        let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
        // What isn't committed is nowhere to be seen, however much of it was sent.
        if let fault, fault != .afterCommit { throw EventSinkError.unavailable("\(fault)") }
        state.transactions += 1
        for message in batch.messages {
          state.committed[message.destination, default: []].append(
            Entry(
              position: message.position, epoch: batch.epoch,
              key: Array(batch.bytes[message.key]), value: Array(batch.bytes[message.value])))
        }
        if fault == .afterCommit { throw EventSinkError.unavailable("afterCommit") }
      }
    }

    func close() async {}
  }
}
