package import JSON

/// Checks values against the JSON Schemas of a document, as far as those go here; a keyword that
/// this check doesn't know is a difference. Members that a schema with `properties` doesn't name
/// are differences too, unless it allows them expressly: what is sent is described.
package struct SchemaCheck {
  package let document: JSONValue

  private static let annotations: Set = [
    "$schema", "$id", "$defs", "title", "description", "examples", "default",
  ]
  private static let assertions: Set = [
    "$ref", "type", "const", "enum", "pattern", "format", "minimum", "maximum", "minLength",
    "maxLength", "oneOf", "items", "required", "properties", "additionalProperties",
    "minItems", "maxItems", "maxProperties",
  ]

  package init(document: JSONValue) { self.document = document }

  /// What is wrong with the value, by path; empty where it is as described.
  package func differences(
    _ value: JSONValue, from schema: JSONValue, at path: String = "$"
  ) -> [String] {
    var found = schema.names.subtracting(Self.annotations).subtracting(Self.assertions).sorted()
      .map { "\(path): the keyword \($0) is not known" }
    if let reference = schema["$ref"]?.string {
      guard let target = resolve(reference) else { return found + ["\(path): no \(reference)"] }
      return found + differences(value, from: target, at: path)
    }
    found += scalarDifferences(value, from: schema, at: path)
    if let choices = schema["oneOf"]?.elements {
      let branches = choices.map { differences(value, from: $0, at: path) }
      let fitting = branches.count(where: \.isEmpty)
      if fitting != 1 {
        let nearest = branches.min { $0.count < $1.count } ?? []
        found.append("\(path) fits \(fitting) of oneOf, \(nearest)")
      }
    }
    if let count = value.elements?.count,
      count < schema["minItems"]?.integer(Int.self) ?? 0
        || count > schema["maxItems"]?.integer(Int.self) ?? .max
    {
      found.append("\(path) has \(count) elements")
    }
    if let items = schema["items"] {
      for (index, element) in (value.elements ?? []).enumerated() {
        found += differences(element, from: items, at: "\(path)[\(index)]")
      }
    }
    return found + memberDifferences(value, from: schema, at: path)
  }

  private func scalarDifferences(
    _ value: JSONValue, from schema: JSONValue, at path: String
  ) -> [String] {
    var found: [String] = []
    if let types = schema["type"],
      !Self.kinds(of: value).contains(where: { kind in
        types == .string(kind) || types.elements?.contains(.string(kind)) == true
      })
    {
      found.append("\(path) is \(value.kind)")
    }
    if let constant = schema["const"], constant != value { found.append("\(path) isn't const") }
    if let choices = schema["enum"], choices.elements?.contains(value) != true {
      found.append("\(path): \(value.json) isn't among the choices")
    }
    if let text = value.string {
      if let pattern = schema["pattern"]?.string,
        (try? Regex(pattern).wholeMatch(in: text)) == nil
      {
        found.append("\(path): \(text) doesn't match")
      }
      if let format = schema["format"]?.string, !Self.has(format, text) {
        found.append("\(path): \(text) is no \(format)")
      }
      let length = text.unicodeScalars.count
      if length < schema["minLength"]?.integer(Int.self) ?? 0
        || length > schema["maxLength"]?.integer(Int.self) ?? .max
      {
        found.append("\(path) is \(length) characters long")
      }
    }
    if let number = value.integer(Int64.self),
      number < schema["minimum"]?.integer(Int64.self) ?? .min
        || number > schema["maximum"]?.integer(Int64.self) ?? .max
    {
      found.append("\(path): \(number) is out of range")
    }
    return found
  }

  private func memberDifferences(
    _ value: JSONValue, from schema: JSONValue, at path: String
  ) -> [String] {
    var found: [String] = []
    for name in (schema["required"]?.elements ?? []).compactMap(\.string)
    where value[name] == nil {
      found.append("\(path) lacks \(name)")
    }
    let others = schema["additionalProperties"].flatMap { $0.flag == nil ? $0 : nil }
    guard schema["properties"] != nil || others != nil else { return found }
    if value.members.count > schema["maxProperties"]?.integer(Int.self) ?? .max {
      found.append("\(path) has \(value.members.count) members")
    }
    for member in value.members {
      guard let property = schema["properties"]?[member.name] ?? others else {
        if schema["additionalProperties"] == true { continue }
        found.append("\(path).\(member.name) isn't described")
        continue
      }
      found += differences(member.value, from: property, at: "\(path).\(member.name)")
    }
    return found
  }

  /// Every `$ref` in the document.
  package var references: [String] { Self.references(in: document) }

  package func resolve(_ reference: String) -> JSONValue? {
    guard reference.hasPrefix("#/") else { return nil }
    return reference.dropFirst(2).split(separator: "/")
      .reduce(Optional(document)) { $0?[String($1)] }
  }

  private static func references(in value: JSONValue) -> [String] {
    let own = value["$ref"]?.string.map { [$0] } ?? []
    return own + value.members.flatMap { references(in: $0.value) }
      + (value.elements ?? []).flatMap { references(in: $0) }
  }

  /// Whether a text has a format; one that isn't known here nothing has.
  private static func has(_ format: String, _ text: String) -> Bool {
    switch format {
    case "date-time":
      text.wholeMatch(
        of: /\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-][0-2]\d:[0-5]\d)/) != nil
    default: false
    }
  }

  private static func kinds(of value: JSONValue) -> [String] {
    switch value {
    case .null: ["null"]
    case .bool: ["boolean"]
    case .number(let text): Int64(text) == nil ? ["number"] : ["integer", "number"]
    case .string: ["string"]
    case .array: ["array"]
    case .object: ["object"]
    }
  }
}

extension JSONValue {
  /// An object's members; none of anything else.
  package var members: [Member] {
    guard case .object(let members) = self else { return [] }
    return members
  }

  package var names: Set<String> { Set(members.map(\.name)) }
}
