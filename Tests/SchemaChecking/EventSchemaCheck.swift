package import EventLog
internal import Foundation
internal import JSON
internal import TestSupport

/// Checks events against the published files of their families.
package struct EventSchemaCheck {
  private let families: [String: SchemaCheck]

  package init() throws {
    let directory = PackageFiles.root.appending(path: "deploy/events")
    let suffix = ".schema.json"
    var families: [String: SchemaCheck] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
    where name.hasSuffix(suffix) {
      families[String(name.dropLast(suffix.count))] = SchemaCheck(
        document: try JSONValue(
          parsing: Array(try Data(contentsOf: directory.appending(path: name)))))
    }
    self.families = families
  }

  package func differences(_ event: CloudEvent) throws -> [String] {
    try differences(event.json, type: event.type)
  }

  /// By its own type's schema, and as one of the family.
  package func differences(_ text: String, type: String) throws -> [String] {
    guard let check = families[String(type.prefix { $0 != "." })],
      let own = check.resolve("#/$defs/\(type)")
    else { return ["\(type) has no schema"] }
    let value = try JSONValue(parsing: Array(text.utf8))
    return check.differences(value, from: own) + check.differences(value, from: check.document)
  }
}
