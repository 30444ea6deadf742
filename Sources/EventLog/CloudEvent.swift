package import Bytes
package import ChainTypes
internal import JSON

/// A CloudEvents 1.0 record of a change, with the extension attributes `sequence` (its number
/// within the subject, from 1 without gaps) and, where it belongs to one, `tenant` and
/// `traceparent` (CloudEvents' Distributed Tracing extension).
package struct CloudEvent: Sendable, Equatable {
  /// The same wherever and whenever the same fact is told; see `EventID`.
  package let id: Hash32
  /// What happened: `payment.paid`, `chain.reorged`, ….
  package let type: String
  /// The id of the aggregate to which it happened.
  package let subject: String
  package let sequence: Int64
  package let tenant: String?
  package let time: Timestamp
  /// A JSON object, as the one who told it wrote it.
  package let data: String
  /// Of the request or the step that told it. No part of the fact: the id doesn't depend on it.
  package let traceparent: String?

  /// One source for all regions and processes: a replica tells an event exactly as its home does.
  package static let source = "/paywatch"

  package init(
    id: Hash32, type: String, subject: String, sequence: Int64, tenant: String?, time: Timestamp,
    data: String, traceparent: String? = nil
  ) {
    self.id = id
    self.type = type
    self.subject = subject
    self.sequence = sequence
    self.tenant = tenant
    self.time = time
    self.data = data
    self.traceparent = traceparent
  }

  /// The event in CloudEvents' JSON format, on one line, members always in the same order.
  package var json: String {
    var text = #"{"specversion":"1.0","id":""# + id.hex
    text += #"","source":""# + Self.source
    text += #"","type":"# + JSONValue.string(type).json
    text += #","subject":"# + JSONValue.string(subject).json
    text += #","time":""# + time.description
    text += #"","datacontenttype":"application/json","sequence":"# + String(sequence)
    if let tenant { text += #","tenant":"# + JSONValue.string(tenant).json }
    if let traceparent { text += #","traceparent":"# + JSONValue.string(traceparent).json }
    text += #","data":"# + data + "}"
    return text
  }
}
