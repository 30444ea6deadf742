package import JSON

/// Words of JSON Schema (draft 2020-12) that descriptions of payments and events share.
package enum JSONSchema {
  package static let text: JSONValue = ["type": "string"]
  package static let flag: JSONValue = ["type": "boolean"]
  package static let time: JSONValue = ["type": "string", "format": "date-time"]
  package static let minor: JSONValue = ["type": "string", "pattern": "^[0-9]{1,78}$"]
  package static let units: JSONValue = [
    "type": "string", "pattern": "^[0-9]+([.][0-9]+)?$",
  ]
  package static let count: JSONValue = ["type": "integer", "minimum": 0]
  /// A block's hash or a txid as people write it: with `0x` on EVM chains.
  package static let hash: JSONValue = ["type": "string", "pattern": "^(0x)?[0-9a-f]{64}$"]
  /// `TransferPosition` on EVM chains.
  package static let position: JSONValue = [
    "type": "string", "pattern": "^(value|log:[0-9]+|trace:[0-9]+([.][0-9]+)*)$",
  ]
  package static let contract: JSONValue = ["type": "string", "pattern": "^0x[0-9a-f]{40}$"]

  /// A schema with a description of what it means here.
  package static func described(_ schema: JSONValue, _ description: String) -> JSONValue {
    guard case .object(let members) = schema else { return schema }
    return .object(members + [.init("description", .string(description))])
  }

  package static func choices(_ texts: [String]) -> JSONValue {
    ["type": "string", "enum": .array(texts.map { .string($0) })]
  }

  package static func constant(_ text: String) -> JSONValue { ["const": .string(text)] }

  /// An object of named members; whoever reads it passes over others, which later versions add.
  ///
  /// - Parameter optional: the names of those that can be left out
  package static func object(
    _ description: String, _ members: [JSONValue.Member], optional: Set<String> = []
  ) -> JSONValue {
    let required = members.map(\.name).filter { !optional.contains($0) }
    return [
      "type": "object", "description": .string(description),
      "required": .array(required.map { .string($0) }), "properties": .object(members),
    ]
  }
}
