internal import CPostgres
internal import Database

/// Reads libpq's results, which come as text, into the seam's values by their columns' types.
enum ResultReading {
  /// What a column's type becomes (pg_type.dat).
  private enum Reading {
    case integer, flag, text, bytes

    init?(_ type: Oid) {
      switch type {
      // int8, int2, int4, oid, xid8
      case 20, 21, 23, 26, 5069: self = .integer
      case 16: self = .flag
      // name, text, unknown, bpchar, varchar, numeric, uuid
      case 19, 25, 705, 1042, 1043, 1700, 2950: self = .text
      // void, which functions that give nothing have
      case 2278: self = .text
      case 17: self = .bytes
      default: return nil
      }
    }
  }

  /// How many rows the statement changed; 0 for one that only reads.
  static func changedRows(_ result: OpaquePointer) -> Int {
    // The command tag: "INSERT 0 3", "UPDATE 2", "SELECT 4", "CREATE TABLE".
    guard let tag = PQcmdStatus(result), tag[0] != CChar(bitPattern: UInt8(ascii: "S")),
      let count = PQcmdTuples(result)
    else { return 0 }
    return Int(String(cString: count)) ?? 0
  }

  static func rows(_ result: OpaquePointer) throws(DatabaseError) -> [SQLRow] {
    let width = PQnfields(result)
    var columns: [String] = []
    var readings: [Reading] = []
    for column in 0..<max(0, width) {
      let name = PQfname(result, column).map { String(cString: $0) } ?? ""
      guard let reading = Reading(PQftype(result, column)) else {
        throw .unexpectedValue(
          column: name, expected: "integer, text or blob",
          found: "type \(PQftype(result, column))")
      }
      columns.append(name)
      readings.append(reading)
    }
    var rows: [SQLRow] = []
    let height = PQntuples(result)
    rows.reserveCapacity(Int(max(0, height)))
    for row in 0..<max(0, height) {
      var values: [SQLValue] = []
      values.reserveCapacity(columns.count)
      for column in 0..<max(0, width) {
        let index = Int(column)
        guard PQgetisnull(result, row, column) == 0 else {
          values.append(.null)
          continue
        }
        let text = UnsafeRawBufferPointer(
          start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        guard let value = value(text, readings[index]) else {
          throw .unexpectedValue(
            column: columns[index], expected: "\(readings[index])", found: "something else")
        }
        values.append(value)
      }
      rows.append(SQLRow(columns: columns, values: values))
    }
    return rows
  }

  private static func value(_ text: UnsafeRawBufferPointer, _ reading: Reading) -> SQLValue? {
    switch reading {
    case .integer: integer(text).map { .integer($0) }
    case .flag: .flag(text.first == UInt8(ascii: "t"))
    case .text: .text(String(decoding: text, as: UTF8.self))
    case .bytes: bytes(text).map { .blob($0) }
    }
  }

  private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
    // Up to 18 digits never overflow.
    guard (1...18).contains(text.count) else { return Int64(String(decoding: text, as: UTF8.self)) }
    var value: Int64 = 0
    for digit in text {
      guard (0x30...0x39).contains(digit) else {
        return Int64(String(decoding: text, as: UTF8.self))
      }
      value = value * 10 + Int64(digit - 0x30)
    }
    return value
  }

  /// `\x` and two hexadecimal digits a byte.
  private static func bytes(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"),
      text[1] == UInt8(ascii: "x")
    else { return nil }
    let count = (text.count - 2) / 2
    var isValid = true
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        // 2 * index + 3 < text.count by the definition of count.
        let (high, low) = (digit(text[2 * index + 2]), digit(text[2 * index + 3]))
        if high | low > 15 { isValid = false }
        buffer[index] = high << 4 | low & 15
      }
      initialized = count
    }
    return isValid ? bytes : nil
  }

  private static func digit(_ character: UInt8) -> UInt8 {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x61...0x66: character - 0x57
    case 0x41...0x46: character - 0x37
    default: 255
    }
  }
}
