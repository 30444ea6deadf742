/// Something that a test waits for didn't come about.
package struct StillWaiting: Error, CustomStringConvertible {
  package let place: String

  package var description: String { "still waiting at \(place)" }
}

/// Waits until it is so, by asking again and again; throws after two minutes, so that what never
/// comes about fails one test and holds up no others.
package func waitUntil(
  file: StaticString = #fileID, line: UInt = #line, _ isSo: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(120)
  while try await !isSo() {
    guard clock.now < deadline else { throw StillWaiting(place: "\(file):\(line)") }
    try await Task.sleep(for: .milliseconds(2))
  }
}
