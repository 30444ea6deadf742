/// Something that a test waits for didn't come about.
package struct StillWaiting: Error, CustomStringConvertible {
  /// What for; nil where the place says it.
  package let what: String?
  package let place: String

  package var description: String {
    "still waiting" + (what.map { " until \($0)," } ?? "") + " at \(place)"
  }
}

/// Waits until it is so, by asking again and again; throws after two minutes, so that what never
/// comes about fails one test and holds up no others.
package func waitUntil(
  _ what: String? = nil, file: StaticString = #fileID, line: UInt = #line,
  _ isSo: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(120)
  while try await !isSo() {
    guard clock.now < deadline else { throw StillWaiting(what: what, place: "\(file):\(line)") }
    try await Task.sleep(for: .milliseconds(2))
  }
}
