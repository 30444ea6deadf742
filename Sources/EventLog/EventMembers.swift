internal import Bytes
package import ChainTypes
internal import JSON

/// What an event has as text.
package enum EventText {
  case type, subject, tenant, data, traceparent
}

/// An event wherever it is: a value, or the database's row.
package protocol EventMembers {
  /// What reading it throws.
  associatedtype Failure: Error

  var sequence: Int64 { get throws(Failure) }
  var time: Timestamp { get throws(Failure) }
  /// Appends the id in lower-case hexadecimal digits.
  func appendID(to bytes: inout [UInt8]) throws(Failure)
  /// Appends the text's UTF-8; false where the event has none.
  @discardableResult
  func append(_ text: EventText, to bytes: inout [UInt8]) throws(Failure) -> Bool
}

extension EventMembers {
  /// What CloudEvents' JSON of an event begins with, up to its id.
  static var opening: String { #"{"specversion":"1.0","id":""# }

  /// Appends the event in CloudEvents' JSON format, on one line, members always in the same order.
  package func appendJSON(to bytes: inout [UInt8]) throws(Failure) {
    bytes.append(contentsOf: Self.opening.utf8)
    try appendID(to: &bytes)
    bytes.append(contentsOf: #"","source":""#.utf8)
    bytes.append(contentsOf: CloudEvent.source.utf8)
    try appendString(.type, behind: #"","type":""#, to: &bytes)
    try appendString(.subject, behind: #","subject":""#, to: &bytes)
    bytes.append(contentsOf: #","time":""#.utf8)
    try time.appendText(to: &bytes)
    bytes.append(contentsOf: #"","datacontenttype":"application/json","sequence":"#.utf8)
    bytes.append(decimal: try sequence)
    try appendString(.tenant, behind: #","tenant":""#, to: &bytes)
    try appendString(.traceparent, behind: #","traceparent":""#, to: &bytes)
    bytes.append(contentsOf: #","data":"#.utf8)
    try append(.data, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// Appends a member whose value is a string; nothing where the event has none.
  private func appendString(
    _ text: EventText, behind opening: String, to bytes: inout [UInt8]
  ) throws(Failure) {
    bytes.append(contentsOf: opening.utf8)
    let start = bytes.count
    if try append(text, to: &bytes) {
      JSONValue.endString(from: start, in: &bytes)
    } else {
      bytes.removeLast(opening.utf8.count)
    }
  }
}
