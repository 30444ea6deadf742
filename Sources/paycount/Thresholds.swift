internal import Foundation

/// What each operation may take at most, for each way to build: kept in the tree.
struct Thresholds: Codable, Equatable {
  /// By build and operation.
  var builds: [String: [String: Counts]]

  #if DEBUG
    static let build = "debug"
  #else
    static let build = "release"
  #endif

  /// Compilers differ a little in the instructions that they choose.
  private static let allowance = 1.05

  init(builds: [String: [String: Counts]] = [:]) { self.builds = builds }

  init(from decoder: any Decoder) throws {
    builds = try decoder.singleValueContainer().decode([String: [String: Counts]].self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(builds)
  }

  init(contentsOf file: URL) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }

  /// What these counts of a build are beyond, and what was counted or bounded alone.
  func breaches(of counts: [String: Counts], build: String) -> [String] {
    let bounds = builds[build] ?? [:]
    var breaches: [String] = []
    for name in Set(bounds.keys).union(counts.keys).sorted() {
      guard let bound = bounds[name] else {
        breaches.append("\(name): no threshold for a \(build) build")
        continue
      }
      guard let count = counts[name] else {
        breaches.append("\(name): has a threshold and isn't counted")
        continue
      }
      if count.allocations > bound.allocations {
        breaches.append("\(name): \(count.allocations) allocations, at most \(bound.allocations)")
      }
      if let counted = count.instructions, let most = bound.instructions,
        counted > most * Self.allowance
      {
        breaches.append("\(name): \(counted) instructions, at most \(most) and a twentieth more")
      }
    }
    return breaches
  }
}
