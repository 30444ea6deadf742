package import Bytes
package import ChainTypes

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
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The id in what `appendJSON` wrote; nil where the bytes begin otherwise.
  package static func id(inJSON bytes: [UInt8]) -> Hash32? {
    let start = Self.opening.utf8.count
    guard bytes.count > start + 64, bytes.prefix(start).elementsEqual(Self.opening.utf8),
      bytes[start + 64] == UInt8(ascii: "\"")
    else { return nil }
    return try? Hash32(hex: String(decoding: bytes[start..<start + 64], as: UTF8.self))
  }
}

extension CloudEvent: EventMembers {
  package func appendID(to bytes: inout [UInt8]) { bytes.append(hexOf: id) }

  package func append(_ text: EventText, to bytes: inout [UInt8]) -> Bool {
    let found: String? =
      switch text {
      case .type: type
      case .subject: subject
      case .tenant: tenant
      case .data: data
      case .traceparent: traceparent
      }
    guard let found else { return false }
    bytes.append(contentsOf: found.utf8)
    return true
  }
}
