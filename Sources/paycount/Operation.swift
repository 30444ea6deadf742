internal import CCounting

/// A hot path that is counted: the same work each time.
struct Operation {
  let name: String
  /// How many of its unit one run does.
  let units: Int
  let run: () throws -> Void
}

/// What an operation takes for each unit.
struct Counts: Codable, Equatable {
  var allocations: Double
  /// Nil where nobody counted.
  var instructions: Double?
}

extension Operation {
  /// What a run asks of the allocator, once tables that are made on first use are there.
  func allocations() throws -> Double {
    try run()
    let before = ccounting_allocations()
    try run()
    return Double(ccounting_allocations() - before) / Double(units)
  }

  /// A run that can be counted from outside.
  func runCounted() throws {
    try run()
    let work = Work(run)
    ccounting_run(
      { context in
        guard let context else { return }
        Unmanaged<Work>.fromOpaque(context).takeUnretainedValue().perform()
      }, Unmanaged.passUnretained(work).toOpaque())
    try work.outcome.get()
  }

  /// What C can call.
  private final class Work {
    private let run: () throws -> Void
    private(set) var outcome = Result<Void, any Error>.success(())

    init(_ run: @escaping () throws -> Void) { self.run = run }

    func perform() { outcome = Result(catching: run) }
  }
}
