import HTTPServer
import JSON

/// Checks values against the JSON Schemas of an OpenAPI document, as far as those go here. Members
/// that a schema with `properties` doesn't name are differences too, unless it allows them
/// expressly: what is sent is described.
struct SchemaCheck {
  let document: JSONValue

  /// What is wrong with the value, by path; empty where it is as described.
  func differences(_ value: JSONValue, from schema: JSONValue, at path: String = "$") -> [String] {
    if let reference = schema["$ref"]?.string {
      guard let target = resolve(reference) else { return ["\(path): no \(reference)"] }
      return differences(value, from: target, at: path)
    }
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
    if let pattern = schema["pattern"]?.string, let text = value.string,
      (try? Regex(pattern).wholeMatch(in: text)) == nil
    {
      found.append("\(path): \(text) doesn't match")
    }
    if let choices = schema["oneOf"]?.elements {
      let fitting = choices.count { differences(value, from: $0, at: path).isEmpty }
      if fitting != 1 { found.append("\(path) fits \(fitting) of oneOf") }
    }
    if let items = schema["items"] {
      for (index, element) in (value.elements ?? []).enumerated() {
        found += differences(element, from: items, at: "\(path)[\(index)]")
      }
    }
    for name in (schema["required"]?.elements ?? []).compactMap(\.string)
    where value[name] == nil {
      found.append("\(path) lacks \(name)")
    }
    guard let properties = schema["properties"] else { return found }
    for member in value.members {
      guard let property = properties[member.name] else {
        if schema["additionalProperties"] == true { continue }
        found.append("\(path).\(member.name) isn't described")
        continue
      }
      found += differences(member.value, from: property, at: "\(path).\(member.name)")
    }
    return found
  }

  /// Every `$ref` in the document.
  var references: [String] { Self.references(in: document) }

  func resolve(_ reference: String) -> JSONValue? {
    guard reference.hasPrefix("#/") else { return nil }
    return reference.dropFirst(2).split(separator: "/")
      .reduce(Optional(document)) { $0?[String($1)] }
  }

  private static func references(in value: JSONValue) -> [String] {
    let own = value["$ref"]?.string.map { [$0] } ?? []
    return own + value.members.flatMap { references(in: $0.value) }
      + (value.elements ?? []).flatMap { references(in: $0) }
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
