internal import Yams

/// One mapping of a settings file, its settings taken by name. Each take notes what is wrong and
/// returns a stand-in or nil, so that reading goes on to the next mistake; `finish` notes the
/// settings that nobody took.
package final class SettingsMapping {
  let line: Int
  let path: String
  package let file: SettingsFile
  private let mapping: Node.Mapping?
  private var known: [String] = []

  init(_ mapping: Node.Mapping?, line: Int, path: String, file: SettingsFile) {
    self.mapping = mapping
    self.line = line
    self.path = path
    self.file = file
  }

  package func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The line of a setting, or of the mapping where it is absent.
  func line(of name: String) -> Int { node(name)?.mark?.line ?? line }

  package func note(_ name: String, _ message: String) {
    file.note(line(of: name), path(of: name), message)
  }

  private enum Value {
    case absent
    /// Its mistake is noted.
    case wrong
    case text(String)
  }

  private func value(_ name: String) -> Value {
    know(name)
    let text: String
    if let override = file.override(path(of: name)) {
      text = override
    } else {
      guard let node = node(name), !isNull(node) else { return .absent }
      guard case .scalar(let scalar) = node else {
        note(name, "It must be one value, not a list or a mapping.")
        return .wrong
      }
      text = scalar.string
    }
    guard !text.isEmpty else {
      note(name, "It is empty: give it a value, or leave it out.")
      return .wrong
    }
    return .text(text)
  }

  package func optionalText(_ name: String) -> String? {
    if case .text(let text) = value(name) { text } else { nil }
  }

  /// The text, or `fallback`; without one the setting is required.
  package func text(_ name: String, default fallback: String? = nil, hint: String) -> String {
    switch value(name) {
    case .text(let text): return text
    case .wrong: return ""
    case .absent:
      if fallback == nil { file.note(line, path(of: name), "It is missing: \(hint)") }
      return fallback ?? ""
    }
  }

  func optionalInteger(_ name: String, in range: ClosedRange<Int>) -> Int? {
    guard let text = optionalText(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      note(
        name,
        "“\(text)” must be a whole number from \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    return number
  }

  package func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
    optionalInteger(name, in: range) ?? fallback
  }

  package func requiredInteger(_ name: String, in range: ClosedRange<Int>) -> Int {
    if let number = optionalInteger(name, in: range) { return number }
    if node(name) == nil {
      note(
        name, "It is missing: a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return range.lowerBound
  }

  /// One of the cases of `Choice`, by its raw value.
  package func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice
  ) -> Choice where Choice.RawValue == String {
    optionalChoice(name, of: Choice.self) ?? fallback
  }

  /// One of the cases of `type`; nil where absent or wrong.
  func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) -> Choice? where Choice.RawValue == String {
    guard let text = optionalText(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      note(name, "“\(text)” must be one of \(Self.all(type)).")
      return nil
    }
    return choice
  }

  /// The same, required.
  package func requiredChoice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of type: Choice.Type
  ) -> Choice? where Choice.RawValue == String {
    if !isGiven(name) { note(name, "It is missing: one of \(Self.all(type)).") }
    return optionalChoice(name, of: type)
  }

  private static func all<Choice: RawRepresentable & CaseIterable>(
    _ type: Choice.Type
  ) -> String where Choice.RawValue == String {
    type.allCases.map(\.rawValue).joined(separator: ", ")
  }

  /// `true` or `false`; nil where absent or wrong.
  func optionalFlag(_ name: String) -> Bool? {
    guard let text = optionalText(name) else { return nil }
    guard let flag = Bool(text) else {
      note(name, "“\(text)” must be true or false.")
      return nil
    }
    return flag
  }

  /// A nested mapping; an empty one where it is absent, so that its own defaults and overrides
  /// hold.
  func nested(_ name: String) -> SettingsMapping {
    know(name)
    let node = node(name)
    if let node, !isNull(node) {
      if case .mapping(let mapping) = node {
        return SettingsMapping(
          mapping, line: node.mark?.line ?? line, path: path(of: name), file: file)
      }
      note(name, "It must be a mapping (name: value).")
    }
    return SettingsMapping(nil, line: line(of: name), path: path(of: name), file: file)
  }

  /// The mappings of a list that must have some.
  package func requiredList(_ name: String, hint: String) -> [SettingsMapping] {
    let mappings = list(name)
    let isEmpty: Bool
    if let node = node(name), case .sequence(let sequence) = node {
      isEmpty = sequence.isEmpty
    } else {
      isEmpty = !has(name)
    }
    if isEmpty { note(name, "It is missing: \(hint)") }
    return mappings
  }

  /// The mappings of a list; empty where it is absent.
  func list(_ name: String) -> [SettingsMapping] {
    know(name)
    guard let node = node(name), !isNull(node) else { return [] }
    guard case .sequence(let sequence) = node else {
      note(name, "It must be a list (lines that begin with “- ”).")
      return []
    }
    var mappings: [SettingsMapping] = []
    for (index, element) in sequence.enumerated() {
      let place = "\(path(of: name))[\(index)]"
      guard case .mapping(let mapping) = element else {
        file.note(element.mark?.line, place, "It must be a mapping (name: value).")
        continue
      }
      mappings.append(
        SettingsMapping(mapping, line: element.mark?.line ?? line, path: place, file: file))
    }
    return mappings
  }

  /// The texts of a list, each with its line; empty where it is absent.
  package func texts(_ name: String) -> [(text: String, line: Int)] {
    know(name)
    guard let node = node(name), !isNull(node) else { return [] }
    guard case .sequence(let sequence) = node else {
      note(name, "It must be a list (lines that begin with “- ”).")
      return []
    }
    var texts: [(text: String, line: Int)] = []
    for (index, element) in sequence.enumerated() {
      let line = element.mark?.line ?? line
      guard case .scalar(let scalar) = element, !scalar.string.isEmpty else {
        file.note(line, "\(path(of: name))[\(index)]", "It must be one value.")
        continue
      }
      texts.append((scalar.string, line))
    }
    return texts
  }

  /// Whether the mapping stands in the file, or an override names something in it.
  var isThere: Bool { mapping != nil || file.hasOverride(below: path) }

  /// All names of the mapping, in order, for mappings whose names the operator chooses.
  var names: [String] { mapping?.keys.compactMap(\.string) ?? [] }

  package func has(_ name: String) -> Bool { node(name).map { !isNull($0) } ?? false }

  /// Whether a single value is given, in the file or by an override, right or wrong.
  func isGiven(_ name: String) -> Bool { has(name) || file.override(path(of: name)) != nil }

  /// Notes the settings that nobody took.
  package func finish() {
    guard let mapping else { return }
    for key in mapping.keys {
      guard let name = key.string else {
        file.note(key.mark?.line, path, "A setting's name must be a word.")
        continue
      }
      guard !known.contains(name) else { continue }
      file.note(
        key.mark?.line, path(of: name),
        "There is no such setting; here stand \(known.sorted().joined(separator: ", ")).")
    }
  }

  private func know(_ name: String) {
    if !known.contains(name) { known.append(name) }
  }

  private func node(_ name: String) -> Node? { mapping?[Node(name)] }

  /// `name:` with nothing behind it counts as absent.
  private func isNull(_ node: Node) -> Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }
}
