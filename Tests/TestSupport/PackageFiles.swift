package import Foundation

/// The package's own files, found from where this source stands.
package enum PackageFiles {
  package static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The bytes of a file under `vectors/`.
  package static func vector(_ path: String) throws -> Data {
    try Data(contentsOf: root.appending(path: "vectors").appending(path: path))
  }

  /// A JSON file under `vectors/`, decoded.
  package static func vector<Value: Decodable>(
    _ path: String, as type: Value.Type
  ) throws -> Value {
    try JSONDecoder().decode(type, from: vector(path))
  }
}
