package import Cache
internal import Synchronization

/// The keys of what a transaction changes, as its body notes them: for `InvalidatingDatabase`.
package final class ChangedKeys: Sendable {
  /// Those of the body that runs on this thread; nil where nobody asks.
  @TaskLocal package static var current: ChangedKeys?

  private let keys = Mutex<Set<CacheKey>>([])

  package func note(_ changed: [CacheKey]) { keys.withLock { $0.formUnion(changed) } }

  var all: [CacheKey] { Array(keys.withLock { $0 }) }
}
