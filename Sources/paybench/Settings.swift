internal import Foundation

/// How much is measured.
struct Settings {
  let vectors: URL
  let peers: Peers.Place
  /// In the large watch set.
  let scripts: Int
  let rounds: Int
  /// How much work a round does, of the usual.
  let scale: Double

  /// `usual` repetitions, scaled.
  func repetitions(_ usual: Int) -> Int { max(1, Int(Double(usual) * scale)) }
}

/// Benchmarks of one subject.
protocol Suite {
  static var names: [String] { get }

  /// Those of these names, with what they need made ready.
  static func contests(named names: Set<String>, _ materials: Materials) async throws -> [Contest]
}
