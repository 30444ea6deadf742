internal import Foundation

/// JSON that is the same text for the same value every time: facts are digested, and replays are
/// compared byte for byte.
package enum CanonicalJSON {
  /// What is stored and read back: members named as the properties are.
  package static func text(_ value: some Encodable) throws -> String {
    try encoded(value, naming: .useDefaultKeys)
  }

  package static func value<Value: Decodable>(
    _ type: Value.Type, from text: String
  ) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// What others read: members named with underscores, as `order_id`.
  package static func document(_ value: some Encodable) throws -> String {
    try encoded(value, naming: .convertToSnakeCase)
  }

  private static func encoded(
    _ value: some Encodable, naming: JSONEncoder.KeyEncodingStrategy
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = naming
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Whether `text` is a JSON object.
  package static func isObject(_ text: String) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any]
  }
}
