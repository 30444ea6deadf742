internal import Bytes
internal import JSON
internal import NodeRPC

/// The arguments of a call in their places, whether they came by place or by name.
struct RPCArguments {
  private let method: String
  private let names: [String]
  private let values: [JSONValue]

  init(_ parameters: JSONValue, method: String, names: [String]) throws(RPCNodeError) {
    self.method = method
    self.names = names
    switch parameters {
    case .object(let members):
      var values = [JSONValue](repeating: .null, count: names.count)
      for member in members {
        guard let place = names.firstIndex(of: member.name) else {
          throw RPCNodeError(code: -8, message: "Unknown named parameter \(member.name)")
        }
        values[place] = member.value
      }
      self.values = values
    default:
      values = parameters.elements ?? []
      guard values.count <= names.count else { throw usage }
    }
  }

  /// Bitcoin Core answers a wrong number of arguments with the method's help.
  private var usage: RPCNodeError {
    RPCNodeError(code: -1, message: ([method] + names).joined(separator: " "))
  }

  /// The argument at `place`, nil where it is missing or null.
  func optional(_ place: Int) -> JSONValue? {
    guard values.indices.contains(place), values[place] != .null else { return nil }
    return values[place]
  }

  func required(_ place: Int) throws(RPCNodeError) -> JSONValue {
    guard let value = optional(place) else { throw usage }
    return value
  }

  func text(_ place: Int) throws(RPCNodeError) -> String {
    guard let text = try required(place).string else { throw wrongType(place, expected: "string") }
    return text
  }

  func integer<Integer: FixedWidthInteger>(
    _ place: Int, _ type: Integer.Type
  ) throws(RPCNodeError) -> Integer {
    guard let value = try integerIfPresent(place, type) else { throw usage }
    return value
  }

  func integerIfPresent<Integer: FixedWidthInteger>(
    _ place: Int, _ type: Integer.Type
  ) throws(RPCNodeError) -> Integer? {
    guard let value = optional(place) else { return nil }
    guard case .number = value else { throw wrongType(place, expected: "number") }
    guard let integer = value.integer(type) else {
      throw RPCNodeError(code: -1, message: "JSON integer out of range")
    }
    return integer
  }

  func flag(_ place: Int, default standard: Bool) throws(RPCNodeError) -> Bool {
    guard let value = optional(place) else { return standard }
    guard let flag = value.flag else { throw wrongType(place, expected: "bool") }
    return flag
  }

  /// A verbosity, which may also be a bool.
  func verbosity(_ place: Int, default standard: Int) throws(RPCNodeError) -> Int {
    if let flag = optional(place)?.flag { return flag ? 1 : 0 }
    return try integerIfPresent(place, Int.self) ?? standard
  }

  func elements(_ place: Int) throws(RPCNodeError) -> [JSONValue] {
    guard let elements = try required(place).elements else {
      throw wrongType(place, expected: "array")
    }
    return elements
  }

  /// 64 hexadecimal digits in display order.
  func hash(_ place: Int) throws(RPCNodeError) -> Hash32 {
    try Self.hash(try text(place), name: names[place])
  }

  static func hash(_ text: String, name: String) throws(RPCNodeError) -> Hash32 {
    guard text.utf8.count == 64 else {
      throw RPCNodeError(
        code: -8,
        message: "\(name) must be of length 64 (not \(text.utf8.count), for '\(text.prefix(200))')")
    }
    guard let hash = try? Hash32(displayHex: text) else {
      throw RPCNodeError(code: -8, message: "\(name) must be hexadecimal string (not '\(text)')")
    }
    return hash
  }

  private func wrongType(_ place: Int, expected: String) -> RPCNodeError {
    let found =
      switch values[place] {
      case .null: "null"
      case .bool: "bool"
      case .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    return RPCNodeError(
      code: -3,
      message:
        "Wrong type passed:\n{\n    \"Position \(place + 1) (\(names[place]))\": "
        + "\"JSON value of type \(found) is not of expected type \(expected)\"\n}")
  }
}
