internal import Addresses
internal import Bytes
internal import JSON
internal import NodeRPC

/// The arguments of a call in their places, read as geth reads them.
struct EthereumArguments {
  private let values: [JSONValue]

  init(_ parameters: JSONValue, limit: Int) throws(RPCNodeError) {
    switch parameters {
    case .array(let values): self.values = values
    case .object: throw RPCNodeError(code: -32602, message: "non-array args")
    default: values = []
    }
    guard values.count <= limit else {
      throw RPCNodeError(code: -32602, message: "too many arguments, want at most \(limit)")
    }
  }

  /// The argument at `place`, nil where it is missing or null.
  func optional(_ place: Int) -> JSONValue? {
    guard values.indices.contains(place), values[place] != .null else { return nil }
    return values[place]
  }

  func required(_ place: Int) throws(RPCNodeError) -> JSONValue {
    guard let value = optional(place) else {
      throw RPCNodeError(code: -32602, message: "missing value for required argument \(place)")
    }
    return value
  }

  func flag(_ place: Int) throws(RPCNodeError) -> Bool {
    guard let value = optional(place) else { return false }
    guard let flag = value.flag else { throw Self.invalid(place, "not a boolean") }
    return flag
  }

  func hash(_ place: Int) throws(RPCNodeError) -> Hash32 {
    try Self.hash(required(place), place)
  }

  func address(_ place: Int) throws(RPCNodeError) -> EthereumAddress {
    try Self.address(required(place), place)
  }

  func data(_ place: Int) throws(RPCNodeError) -> [UInt8] {
    try Self.data(required(place), place)
  }

  static func invalid(_ place: Int, _ reason: String) -> RPCNodeError {
    RPCNodeError(code: -32602, message: "invalid argument \(place): \(reason)")
  }

  static func data(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> [UInt8] {
    guard let text = value.string else { throw invalid(place, "json: cannot unmarshal") }
    guard text.hasPrefix("0x") else { throw invalid(place, "hex string without 0x prefix") }
    guard let bytes = try? Hex.decode(text.dropFirst(2)) else {
      throw invalid(place, "invalid hex string")
    }
    return bytes
  }

  static func hash(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> Hash32 {
    guard let hash = Hash32(try data(value, place)) else {
      throw invalid(place, "hex string has another length than 64, for common.Hash")
    }
    return hash
  }

  static func address(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> EthereumAddress {
    guard let hash = Hash20(try data(value, place)) else {
      throw invalid(place, "hex string has another length than 40, for common.Address")
    }
    return EthereumAddress(hash)
  }

  /// Hexadecimal without zeros in front, up to 256 bits.
  static func quantity(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> UInt256 {
    guard let text = value.string, text.hasPrefix("0x") else {
      throw invalid(place, "hex string without 0x prefix")
    }
    let digits = text.dropFirst(2)
    guard !digits.isEmpty else { throw invalid(place, "hex string \"0x\"") }
    guard digits.count == 1 || digits.first != "0" else {
      throw invalid(place, "hex number with leading zero digits")
    }
    guard digits.count <= 64,
      let bytes = try? Hex.decode(digits.count & 1 == 1 ? "0" + digits : String(digits)),
      let number = UInt256(bigEndian: bytes)
    else { throw invalid(place, "hex number > 256 bits") }
    return number
  }

  static func number(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> UInt64 {
    // Some count in plain numbers, which geth takes too.
    if let plain = value.integer(UInt64.self) { return plain }
    guard let number = try quantity(value, place).asUInt64 else {
      throw invalid(place, "hex number > 64 bits")
    }
    return number
  }
}
