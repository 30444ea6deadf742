internal import Foundation
internal import Yams

/// A YAML file with its mistakes as they are found.
package final class SettingsFile {
  package let path: String
  package private(set) var mistakes: [ConfigurationError.Mistake] = []
  /// Overrides by name; those of `PAYWATCH_…` that no setting took are mistakes.
  private let environment: [String: String]
  private var takenVariables: Set<String> = []
  static let variablePrefix = "PAYWATCH_"
  private static let byteLimit = 1 << 20

  package init(path: String, environment: [String: String] = [:]) {
    self.path = path
    self.environment = environment
  }

  /// The file's top-level mapping; nil where there is none to read, with the mistake noted.
  package func root() -> SettingsMapping? {
    guard let data = FileManager.default.contents(atPath: path) else {
      note(nil, "", "The file can't be read: check that it exists and may be read.")
      return nil
    }
    guard data.count <= Self.byteLimit, let text = String(data: data, encoding: .utf8) else {
      note(nil, "", "The file must be UTF-8 text of at most \(Self.byteLimit) bytes.")
      return nil
    }
    do {
      guard let node = try Yams.compose(yaml: text) else {
        note(1, "", "The file is empty.")
        return nil
      }
      guard case .mapping(let mapping) = node else {
        note(node.mark?.line, "", "The file must be a mapping of settings (name: value).")
        return nil
      }
      return SettingsMapping(mapping, line: node.mark?.line ?? 1, path: "", file: self)
    } catch let error as YamlError {
      note(error)
      return nil
    } catch {
      note(nil, "", "The file isn't YAML.")
      return nil
    }
  }

  package func note(_ line: Int?, _ path: String, _ message: String) {
    mistakes.append(.init(file: self.path, line: line, path: path, message: message))
  }

  package func take(_ other: ConfigurationError) { mistakes += other.mistakes }

  /// `listen.port` is overridden by `PAYWATCH_LISTEN_PORT`, `chains[0].quorum` by
  /// `PAYWATCH_CHAINS_0_QUORUM`: the path in upper case with `_` for every other character run.
  static func variable(for path: String) -> String {
    let words = path.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    return variablePrefix + words.joined(separator: "_").uppercased()
  }

  func override(_ path: String) -> String? {
    let name = Self.variable(for: path)
    guard let value = environment[name] else { return nil }
    takenVariables.insert(name)
    return value
  }

  /// Whether some variable is of a setting in the mapping at `path`.
  func hasOverride(below path: String) -> Bool {
    let prefix = Self.variable(for: path) + "_"
    return environment.keys.contains { $0.hasPrefix(prefix) }
  }

  /// Notes the overrides that name no setting.
  func refuseUnknownVariables() {
    let unknown = environment.keys.filter {
      $0.hasPrefix(Self.variablePrefix) && !takenVariables.contains($0)
    }
    for name in unknown.sorted() {
      note(nil, name, "No setting belongs to this environment variable: correct or unset it.")
    }
  }

  /// A path in the file, seen from the file's directory.
  package func resolve(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    let directory = (self.path as NSString).deletingLastPathComponent
    return directory.isEmpty ? path : (directory as NSString).appendingPathComponent(path)
  }

  private func note(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      note(mark.line, "", "The file isn't YAML: \(problem).")
    case .duplicatedKeysInMapping(let duplicates, let context):
      note(
        context.mark.line, duplicates.joined(separator: ", "),
        "The setting stands here twice: remove one.")
    default: note(nil, "", "The file isn't YAML.")
    }
  }
}
