internal import Bytes
internal import ChainTypes
internal import Database

/// A stored event where the database has it: of `position` and `EventLog.columns`, in this order.
struct EventRow {
  private enum Column: Int {
    case position, id, type, subject, sequence, tenant, time, data, traceparent
  }

  private let row: any SQLRowView

  init(_ row: any SQLRowView) { self.row = row }

  var position: Int64 {
    get throws { try integer(.position) }
  }

  private func integer(_ column: Column) throws -> Int64 { try row.integer(column.rawValue) }
}

extension EventRow: EventMembers {
  var sequence: Int64 {
    get throws { try integer(.sequence) }
  }

  var time: Timestamp {
    get throws { Timestamp(microseconds: try integer(.time)) }
  }

  func appendID(to bytes: inout [UInt8]) throws {
    let start = bytes.count
    try row.append(Column.id.rawValue, to: &bytes)
    guard let id = Hash32(bytes.span.extracting(start...).bytes) else {
      var subject: [UInt8] = []
      try row.append(Column.subject.rawValue, to: &subject)
      throw EventLogError.invalidStoredID(
        subject: String(decoding: subject, as: UTF8.self), sequence: try sequence)
    }
    bytes.removeSubrange(start...)
    bytes.append(hexOf: id)
  }

  func append(_ text: EventText, to bytes: inout [UInt8]) throws -> Bool {
    let column: Column =
      switch text {
      case .type: .type
      case .subject: .subject
      case .tenant: .tenant
      case .data: .data
      case .traceparent: .traceparent
      }
    guard !row.isNull(column.rawValue) else { return false }
    try row.append(column.rawValue, to: &bytes)
    return true
  }
}
