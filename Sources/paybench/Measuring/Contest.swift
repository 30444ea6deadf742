/// Work of ours and work that it is held against, done in turns, and what is set beside what.
struct Contest {
  let name: String
  /// What is measured and how, in a sentence: for the table that is kept.
  var how = ""
  let ours: Work
  /// Nil stands for a peer that this machine doesn't have.
  let others: [Work?]
  let comparisons: [Comparison]
  /// Whether its work takes minutes, and is many measurements in itself: then it is done once.
  var isLong = false
  /// How many times as many rounds it has as others: where one is short, and whatever else the
  /// machine does shows in it.
  var repeats = 1
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

  /// The same, which puts away more at the end.
  func finishing(_ more: @escaping () async throws -> Void) -> Contest {
    let first = finish
    var contest = self
    contest.finish = {
      try await first()
      try await more()
    }
    return contest
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
    if !isLong {
      _ = try await ours()
      for other in others { _ = try await other?() }
    }
    let rounds = isLong ? 1 : rounds * repeats
    var figures: [[Double]] = []
    var beside = [[[Double]]](repeating: [], count: others.count)
    for round in 0..<rounds {
      // Whoever comes first alternates.
      if round % 2 == 0 { figures.append(try await ours()) }
      for (place, other) in others.enumerated() {
        if let other { beside[place].append(try await other()) }
      }
      if round % 2 == 1 { figures.append(try await ours()) }
    }
    return comparisons.map { comparison in
      Measurement(
        contest: self, comparison, own: figures.map { $0[comparison.figure] },
        other: beside[comparison.work].map { $0[comparison.referenceFigure] })
    }
  }
}

// Work of one figure, as most is.
extension Contest {
  struct Reference {
    let name: String
    var goal: Goal?
    /// Nil where this machine doesn't have it.
    let run: (() async throws -> Double)?

    var work: Work? { run.map { run in { [try await run()] } } }
  }

  init(
    name: String, unit: String, how: String = "", ours: @escaping () async throws -> Double,
    references: [Reference]
  ) {
    self.init(
      name: name, how: how, ours: { [try await ours()] },
      others: references.map(\.work),
      comparisons: references.enumerated().map { place, reference in
        Comparison(
          name: name, unit: unit, reference: reference.name, work: place, goal: reference.goal)
      })
  }

  /// The same with more to stand beside its first figure.
  func beside(_ references: [Reference], unit: String) -> Contest {
    let more = references.enumerated().map { place, reference in
      Comparison(
        name: name, unit: unit, reference: reference.name, work: others.count + place,
        goal: reference.goal)
    }
    return Contest(
      name: name, how: how, ours: ours, others: others + references.map(\.work),
      comparisons: comparisons + more, isLong: isLong, repeats: repeats, finish: finish)
  }
}
