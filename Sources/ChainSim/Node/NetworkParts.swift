/// Which nodes of a simulated network hear which.
struct NetworkParts: Sendable {
  /// Nodes hear only those of their own part.
  private var parts: [Int]
  /// Nodes that hear nothing; others hear them.
  private var lagging: Set<Int> = []

  init(count: Int) { parts = [Int](repeating: 0, count: count) }

  /// The nodes of each group form a part, and all others one of their own.
  mutating func partition(_ groups: [[Int]]) {
    for index in parts.indices { parts[index] = 0 }
    for (part, group) in groups.enumerated() {
      for index in group where parts.indices.contains(index) { parts[index] = part + 1 }
    }
  }

  mutating func setLagging(_ index: Int, _ isLagging: Bool) {
    if isLagging { lagging.insert(index) } else { lagging.remove(index) }
  }

  func hears(_ receiver: Int, _ sender: Int) -> Bool {
    receiver != sender && parts[receiver] == parts[sender] && !lagging.contains(receiver)
  }
}
