internal import ArgumentParser

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  /// For people.
  case table
  /// For programs: one object a line.
  case json
}
