extension JSONValue {
  /// JSON for people: two spaces a level, what is short on one line, a line break at the end.
  package var indentedJSON: String {
    var text = ""
    append(to: &text, indentation: 0)
    return text + "\n"
  }

  private static let lineLength = 96

  private func append(to text: inout String, indentation: Int) {
    let line = spacedJSON
    guard indentation + line.utf8.count > Self.lineLength else {
      text += line
      return
    }
    let margin = String(repeating: " ", count: indentation + 2)
    func appendAll(_ count: Int, _ marks: (String, String), _ part: (Int) -> Void) {
      text += marks.0
      for index in 0..<count {
        text += (index == 0 ? "\n" : ",\n") + margin
        part(index)
      }
      text += "\n" + margin.dropLast(2) + marks.1
    }
    switch self {
    case .array(let elements):
      appendAll(elements.count, ("[", "]")) {
        elements[$0].append(to: &text, indentation: indentation + 2)
      }
    case .object(let members):
      appendAll(members.count, ("{", "}")) {
        text += JSONValue.string(members[$0].name).json + ": "
        members[$0].value.append(to: &text, indentation: indentation + 2)
      }
    default: text += line
    }
  }

  /// On one line, with spaces behind colons and commas.
  private var spacedJSON: String {
    switch self {
    case .array(let elements): "[" + elements.map(\.spacedJSON).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { JSONValue.string($0.name).json + ": " + $0.value.spacedJSON }
        .joined(separator: ", ") + "}"
    default: json
    }
  }
}
