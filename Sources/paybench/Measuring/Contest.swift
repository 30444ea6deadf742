/// Work of ours and work that it is held against, done in turns, and what is set beside what.
struct Contest {
  let name: String
  let ours: Work
  let others: [Work]
  let comparisons: [Comparison]
  /// Puts away what the rounds worked on.
  var finish: () async throws -> Void = {}

  /// Does a round's work and gives its figures.
  typealias Work = () async throws -> [Double]

  /// One of our figures, by its place, beside one of a reference's.
  struct Comparison {
    let name: String
    let unit: String
    var figure = 0
    let reference: String
    /// Which of `others`.
    var work = 0
    var referenceFigure = 0
    var goal: Goal?
  }

  /// One measurement for each comparison, all from the same rounds.
  func measure(rounds: Int) async throws -> [Measurement] {
    do {
      let measurements = try await measured(rounds: rounds)
      try await finish()
      return measurements
    } catch {
      // The first failure is the one to tell.
      try? await finish()
      throw error
    }
  }

  private func measured(rounds: Int) async throws -> [Measurement] {
    // Once unmeasured: page faults and lazily made tables aren't the work.
    _ = try await ours()
    for other in others { _ = try await other() }
    var figures: [[Double]] = []
    var beside = [[[Double]]](repeating: [], count: others.count)
    for round in 0..<rounds {
      // Whoever comes first alternates.
      if round % 2 == 0 { figures.append(try await ours()) }
      for (place, other) in others.enumerated() { beside[place].append(try await other()) }
      if round % 2 == 1 { figures.append(try await ours()) }
    }
    return comparisons.map { comparison in
      let own = figures.map { $0[comparison.figure] }
      let other = beside[comparison.work].map { $0[comparison.referenceFigure] }
      let (value, ratio) = (Self.median(own), Self.median(zip(own, other).map { $0 / $1 }))
      return Measurement(
        name: comparison.name, value: value, unit: comparison.unit,
        reference: comparison.reference, referenceValue: Self.median(other), ratio: ratio,
        goal: comparison.goal?.text,
        reached: comparison.goal?.isReached(value: value, ratio: ratio))
    }
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    guard !sorted.isEmpty else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

// Work of one figure, as most is.
extension Contest {
  struct Reference {
    let name: String
    var goal: Goal?
    let run: () -> Double
  }

  init(name: String, unit: String, ours: @escaping () -> Double, references: [Reference]) {
    self.init(
      name: name, ours: { [ours()] },
      others: references.map { reference in { [reference.run()] } },
      comparisons: references.enumerated().map { place, reference in
        Comparison(
          name: name, unit: unit, reference: reference.name, work: place, goal: reference.goal)
      })
  }
}
