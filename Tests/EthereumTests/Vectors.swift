import Bytes
import JSON
import TestSupport
import Testing

/// Files under `vectors/`, as JSON trees.
enum Vectors {
  static func json(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: Array(PackageFiles.vector(path)))
  }

  static func members(_ path: String) throws -> [JSONValue.Member] {
    guard case .object(let members) = try json(path) else { throw UnexpectedVector() }
    return members
  }

  static func elements(_ path: String) throws -> [JSONValue] {
    guard let elements = try json(path).elements else { throw UnexpectedVector() }
    return elements
  }
}

/// A vector file isn't as the test knows it.
struct UnexpectedVector: Error {}

extension Hex {
  /// The bytes of a text that begins with `0x`.
  static func prefixed(_ text: String?) throws -> [UInt8] {
    let text = try #require(text)
    return try Hex.decode(text.hasPrefix("0x") ? text.dropFirst(2) : text[...])
  }
}

extension Hash32 {
  init(prefixed text: String?) throws {
    self = try #require(Hash32(Hex.prefixed(text)))
  }
}

extension JSONValue {
  /// The text of a member that must be there.
  func text(_ name: String) throws -> String {
    guard let text = self[name]?.string else { throw UnexpectedVector() }
    return text
  }

  func list(_ name: String) throws -> [JSONValue] {
    guard let elements = self[name]?.elements else { throw UnexpectedVector() }
    return elements
  }

  /// A member written in decimal digits, as a number or a text.
  func decimal(_ name: String) throws -> UInt64 {
    guard let value = self[name],
      let number = value.integer(UInt64.self) ?? value.string.flatMap({ UInt64($0) })
    else { throw UnexpectedVector() }
    return number
  }
}
