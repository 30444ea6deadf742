import EventLog
import Synchronization

/// Another sink, and what a relay asks of it.
final class CountingSink: EventSink {
  struct Count {
    /// How often a producer was asked for, also in vain.
    var openings = 0
    /// Pages that were read; whoever makes the relay counts them.
    var pagesRead = 0
    var pagesSent = 0
    /// Pages that were read and not sent, while one was sent.
    var mostPages = 0
    var mostMessages = 0
    var mostBytes = 0
  }

  private let sink: any EventSink
  private let counted = Mutex(Count())

  init(_ sink: any EventSink) { self.sink = sink }

  var count: Count { counted.withLock { $0 } }

  func countPage() { counted.withLock { $0.pagesRead += 1 } }

  func open() async throws -> any EventSinkSession {
    counted.withLock { $0.openings += 1 }
    return Session(session: try await sink.open(), sink: self)
  }

  private struct Session: EventSinkSession {
    let session: any EventSinkSession
    let sink: CountingSink

    var state: SinkState { session.state }

    func publish(_ batch: RelayBatch) async throws {
      try await session.publish(batch)
      sink.counted.withLock { count in
        count.mostPages = max(count.mostPages, count.pagesRead - count.pagesSent)
        count.mostMessages = max(count.mostMessages, batch.messages.count)
        count.mostBytes = max(count.mostBytes, batch.bytes.count)
        count.pagesSent += 1
      }
    }

    func close() async { await session.close() }
  }
}
