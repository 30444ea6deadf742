internal import Bytes
internal import ChainTypes
package import JSON

/// Why bytes are no event of Paywatch.
package enum CloudEventError: Error, Sendable, Equatable {
  /// More bytes than any event has.
  case tooLong(bytes: Int)
  case json(JSONError)
  case missing(String)
  /// The attribute is there with a value that it can't have.
  case invalid(String)
  /// A name that is none of CloudEvents', or an extension whose value is no text, number or flag.
  case unknown(String)
}

extension CloudEventError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLong(let bytes): "\(bytes) bytes are more than any event has"
    case .json(let error): "not JSON: \(error)"
    case .missing(let name): "the attribute \(name) is missing"
    case .invalid(let name): "the attribute \(name) has a value that it can't have"
    case .unknown(let name): "\(name.prefix(40)) is no attribute of an event"
    }
  }
}

extension CloudEvent {
  /// What stands around the data takes at most this, extensions included.
  package static let maximumEnvelopeBytes = 16 << 10
  package static let maximumBytes = EventDraft.maximumDataBytes + maximumEnvelopeBytes
  /// Every JSON reader has the integers up to here exactly (RFC 8259 section 6).
  package static let maximumSequence: Int64 = 1 << 53 - 1

  /// Reads CloudEvents' JSON format ("structured mode"), as `json` writes it.
  ///
  /// Members may come in any order. Extension attributes that Paywatch doesn't have are passed
  /// over, so that a later version can add some; names that CloudEvents doesn't allow are not.
  package init(json bytes: [UInt8]) throws(CloudEventError) {
    guard bytes.count <= Self.maximumBytes else { throw .tooLong(bytes: bytes.count) }
    var attributes = Attributes()
    do {
      // The data was read as a body of its own before it came into this envelope.
      var reader = JSONReader(bytes, depthLimit: JSONReader.maximumDepth + 1)
      try reader.readObject { (reader, name) throws(JSONError) in
        guard attributes.names.insert(name).inserted else {
          throw .duplicateName(name, offset: reader.offset)
        }
        if name == "data" {
          let range = try reader.skipValue()
          _ = try JSONValue(parsing: bytes, range: range)
          attributes.data = bytes[range]
        } else {
          attributes.values[name] = try JSONValue(reading: &reader)
        }
      }
      try reader.expectEnd()
    } catch {
      throw .json(error)
    }
    self = try attributes.event()
  }
}

/// The members of the outermost object.
private struct Attributes {
  var names: Set<String> = []
  var values: [String: JSONValue] = [:]
  var data: ArraySlice<UInt8>?

  private static let own: Set = [
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence",
    "tenant",
  ]

  func event() throws(CloudEventError) -> CloudEvent {
    for (name, value) in values where !Self.own.contains(name) {
      guard Self.isExtension(name, value) else { throw .unknown(name) }
    }
    guard try text("specversion") == "1.0" else { throw .invalid("specversion") }
    guard try text("source") == CloudEvent.source else { throw .invalid("source") }
    guard try text("datacontenttype") == "application/json" else {
      throw .invalid("datacontenttype")
    }
    let digits = try text("id")
    guard !digits.utf8.contains(where: { (0x41...0x46).contains($0) }),
      let id = try? Hash32(hex: digits)
    else { throw .invalid("id") }
    guard let time = Timestamp(rfc3339: try text("time")) else { throw .invalid("time") }
    guard let number = values["sequence"] else { throw .missing("sequence") }
    guard let sequence = number.integer(Int64.self),
      (1...CloudEvent.maximumSequence).contains(sequence)
    else { throw .invalid("sequence") }
    guard let data else { throw .missing("data") }
    guard data.first == UInt8(ascii: "{"), data.count <= EventDraft.maximumDataBytes else {
      throw .invalid("data")
    }
    var tenant: String?
    if values["tenant"] != nil {
      tenant = try text("tenant", limit: EventDraft.maximumSubjectBytes)
    }
    return CloudEvent(
      id: id, type: try text("type", limit: EventDraft.maximumTypeBytes),
      subject: try text("subject", limit: EventDraft.maximumSubjectBytes), sequence: sequence,
      tenant: tenant, time: time, data: String(decoding: data, as: UTF8.self))
  }

  /// A text of 1 to `limit` bytes without U+0000, which no database keeps.
  private func text(_ name: String, limit: Int = 128) throws(CloudEventError) -> String {
    guard let value = values[name] else { throw .missing(name) }
    guard let text = value.string, (1...limit).contains(text.utf8.count),
      !text.utf8.contains(0)
    else { throw .invalid(name) }
    return text
  }

  /// CloudEvents 1.0, "Attribute Naming Convention": lower-case letters and digits, at most 20.
  private static func isExtension(_ name: String, _ value: JSONValue) -> Bool {
    guard (1...20).contains(name.utf8.count),
      name.utf8.allSatisfy({ (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) })
    else { return false }
    switch value {
    case .string, .number, .bool, .null: return true
    case .array, .object: return false
    }
  }
}
