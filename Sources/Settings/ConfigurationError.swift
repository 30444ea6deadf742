/// Everything that is wrong with a configuration, collected, so that it is put right in one go.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  package let mistakes: [Mistake]

  package init(mistakes: [Mistake]) { self.mistakes = mistakes }

  package struct Mistake: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    /// From 1; nil where the mistake isn't in the file's text.
    package let line: Int?
    /// The setting, such as `chains[0].quorum`; empty for the whole file.
    package let path: String
    /// What is wrong and what to do about it.
    package let message: String

    /// `paywatch.yaml:12: chains[0].quorum: …`
    package var description: String {
      let place = line.map { "\(file):\($0)" } ?? file
      return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
    }
  }

  /// One mistake a line.
  package var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
