/// Where a relay sends events: brokers with transactions and one producer at a time.
package protocol EventSink: Sendable {
  /// Takes the place of every earlier producer of these events, ends what such a one left
  /// unfinished, and then looks at what is there. From then on nobody but this session adds to it.
  ///
  /// Throws `EventSinkError`.
  func open() async throws -> any EventSinkSession
}

/// One producer's time at the brokers. After an error it can only be closed.
package protocol EventSinkSession: Sendable {
  var state: SinkState { get }

  /// Sends the batch as one transaction and returns once that is committed. Where it throws, the
  /// transaction may or may not have been; the next session's `state` tells. Soon after its task
  /// is cancelled it throws `CancellationError`.
  func publish(_ batch: RelayBatch) async throws

  /// Gives the connection up, and with it a transaction that isn't committed.
  func close() async
}

/// Why a sink doesn't take events.
package enum EventSinkError: Error, Sendable, Equatable {
  /// Another producer has taken this one's place, and it may never send again.
  case fenced(String)
  /// The brokers can't be reached or refuse what was asked: to be tried again.
  case unavailable(String)
}

extension EventSinkError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .fenced(let reason), .unavailable(let reason): reason
    }
  }
}
