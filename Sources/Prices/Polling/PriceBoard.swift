internal import ChainTypes
internal import Synchronization

/// What each source said last of each pair: shared by those who ask and the one who makes rates of
/// it.
package final class PriceBoard: Sendable {
  package struct Entry: Sendable, Equatable {
    /// The last answer; it stays when later questions fail, and ages.
    package var observation: Observation?
    /// Why the last question failed; nil where it didn't.
    package var failure: FeedFailure?
  }

  private struct State {
    var entries: [CurrencyPair: [String: Entry]] = [:]
    var revision = 0
  }

  private let state = Mutex(State())

  package init() {}

  func note(_ observation: Observation, of pair: CurrencyPair) {
    state.withLock { state in
      state.entries[pair, default: [:]][observation.source] = Entry(observation: observation)
      state.revision += 1
    }
  }

  func note(_ failure: FeedFailure, from source: String, of pair: CurrencyPair) {
    state.withLock { state in
      var entry = state.entries[pair]?[source] ?? Entry()
      entry.failure = failure
      state.entries[pair, default: [:]][source] = entry
      state.revision += 1
    }
  }

  var entries: [CurrencyPair: [String: Entry]] { state.withLock { $0.entries } }

  /// Grows with every note.
  var revision: Int { state.withLock { $0.revision } }
}
