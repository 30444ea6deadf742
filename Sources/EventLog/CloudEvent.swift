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
    var bytes: [UInt8] = []
    appendJSON(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The id in what `appendJSON` wrote; nil where the bytes begin otherwise.
  package static func id(inJSON bytes: [UInt8]) -> Hash32? {
    let start = opening.utf8.count
    guard bytes.count > start + 64, bytes.prefix(start).elementsEqual(opening.utf8),
      bytes[start + 64] == UInt8(ascii: "\"")
    else { return nil }
    return try? Hash32(hex: String(decoding: bytes[start..<start + 64], as: UTF8.self))
  }

  private static let opening = #"{"specversion":"1.0","id":""#

  /// The same as bytes, behind what stands in `bytes`: the relay writes a page of events into one
  /// buffer.
  package func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: Self.opening.utf8)
    bytes.append(hexOf: id)
    bytes.append(contentsOf: #"","source":""#.utf8)
    bytes.append(contentsOf: Self.source.utf8)
    bytes.append(contentsOf: #"","type":"#.utf8)
    JSONValue.appendString(type, to: &bytes)
    bytes.append(contentsOf: #","subject":"#.utf8)
    JSONValue.appendString(subject, to: &bytes)
    bytes.append(contentsOf: #","time":""#.utf8)
    time.appendText(to: &bytes)
    bytes.append(contentsOf: #"","datacontenttype":"application/json","sequence":"#.utf8)
    bytes.append(decimal: sequence)
    if let tenant {
      bytes.append(contentsOf: #","tenant":"#.utf8)
      JSONValue.appendString(tenant, to: &bytes)
    }
    if let traceparent {
      bytes.append(contentsOf: #","traceparent":"#.utf8)
      JSONValue.appendString(traceparent, to: &bytes)
    }
    bytes.append(contentsOf: #","data":"#.utf8)
    bytes.append(contentsOf: data.utf8)
    bytes.append(UInt8(ascii: "}"))
  }
}
