/// Benchmarks that do the same on each database engine.
protocol EngineSuite: Suite {
  static func name(_ engine: DurableStore.Engine) -> String
  /// How many repetitions a round of the usual scale has.
  static var usualCount: Int { get }
  static func contest(_ engine: DurableStore.Engine, count: Int) async throws -> Contest
}

extension EngineSuite {
  static var names: [String] { DurableStore.Engine.allCases.map(name) }

  static func contests(
    named names: Set<String>, _ materials: Materials
  ) async throws -> [Contest] {
    var contests: [Contest] = []
    for engine in DurableStore.Engine.allCases where names.contains(name(engine)) {
      contests.append(
        try await contest(engine, count: materials.settings.repetitions(usualCount)))
    }
    return contests
  }
}
