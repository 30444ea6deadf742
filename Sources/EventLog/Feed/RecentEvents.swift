/// What the latest events of the log are about: whoever waits for an event need not look into the
/// log where there was none.
struct RecentEvents: Sendable {
  /// Nothing is known of events up to here.
  private var floor: Int64
  /// The last position that was noted.
  private(set) var through: Int64
  /// Of each key the last position.
  private var last: [EventKey: Int64] = [:]
  /// What was noted, oldest first, from `oldest` on.
  private var noted: [(position: Int64, key: EventKey)] = []
  private var oldest = 0
  /// Of how many keys it is known at most.
  private let limit: Int

  /// - Parameter position: it begins behind this one
  init(after position: Int64, limit: Int = 16_384) {
    (floor, through, self.limit) = (position, position, limit)
  }

  /// An event behind all before.
  mutating func note(_ keys: [EventKey], at position: Int64) {
    for key in keys {
      last[key] = position
      noted.append((position, key))
    }
    through = max(through, position)
    while noted.count - oldest > limit {
      let (position, key) = noted[oldest]
      if last[key] == position { last.removeValue(forKey: key) }
      floor = max(floor, position)
      oldest += 1
    }
    // Half of it is gone.
    if oldest > limit {
      noted.removeFirst(oldest)
      oldest = 0
    }
  }

  /// That there are no events up to here but those that were noted.
  mutating func reach(_ position: Int64) { through = max(through, position) }

  /// Whether there may be one about the key behind `position`.
  func mayKnow(_ key: EventKey, after position: Int64) -> Bool {
    position < floor || last[key].map { $0 > position } ?? false
  }
}
