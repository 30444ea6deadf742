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
