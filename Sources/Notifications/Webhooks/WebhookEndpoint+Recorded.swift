package import Aggregates
package import Database
internal import HTTPClient
internal import JSON

extension WebhookEndpoint: Recorded {
  package static let names = RecordNames(
    table: "webhook_endpoints", id: "webhook_id", facts: "webhook_facts", prefix: "whk",
    event: "webhook")

  package var fixedColumns: [(name: String, value: SQLValue)] { [] }

  package var columns: [(name: String, value: SQLValue)] {
    [("enabled", .flag(isEnabled)), ("deleted", .flag(isDeleted))]
  }

  /// The secret stands in none. Events show the URL without path and query, where people put keys.
  package func document(telling step: RecordStep<WebhookEndpoint>?) -> String {
    var object = CanonicalObject(reserving: 512)
    object.add("created_at", createdAt)
    if let description = details.description { object.add("description", description) }
    if let disabled {
      object.add("disabled_at", disabled.at)
      object.add("disabled_reason", disabled.reason.rawValue)
    }
    object.add("events", json: JSONValue.array(details.events.map { .string($0.text) }).json)
    object.add("id", id)
    if let secretRotatedAt { object.add("secret_rotated_at", secretRotatedAt) }
    object.add("status", status.rawValue)
    object.add("updated_at", updatedAt)
    object.add("url", step == nil ? details.url : RedactedURL(details.url).description)
    object.add("version", version)
    return object.text
  }
}
