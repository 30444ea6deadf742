internal import CPostgres
internal import Database

/// A row of a result, for as long as that is there.
struct ResultRow {
  /// What a column's type becomes (pg_type.dat).
  enum Reading {
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

  struct Column {
    let name: String
    let reading: Reading
  }

  private let result: OpaquePointer
  private let number: Int32
  private let columns: [Column]

  init(_ result: OpaquePointer, _ number: Int32, _ columns: [Column]) {
    self.result = result
    self.number = number
    self.columns = columns
  }

  func value(_ column: Int) throws(DatabaseError) -> SQLValue {
    guard !isNull(column) else { return .null }
    let text = text(column)
    switch columns[column].reading {
    case .integer:
      if let integer = Self.integer(text) { return .integer(integer) }
    case .flag: return .flag(text.first == UInt8(ascii: "t"))
    case .text: return .text(String(decoding: text, as: UTF8.self))
    case .bytes:
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.count / 2)
      if Self.append(hexadecimal: text, to: &bytes) { return .blob(bytes) }
    }
    throw unexpected(column, wanted: "\(columns[column].reading)")
  }

  /// A column's value in the server's text format.
  private func text(_ column: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, number, Int32(column)),
      count: Int(PQgetlength(result, number, Int32(column))))
  }

  private func unexpected(_ column: Int, wanted: String) -> DatabaseError {
    .unexpectedValue(
      column: columns[column].name, expected: wanted,
      found: isNull(column) ? "null" : "something else")
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

  /// Appends what `text` stands for: `\x` and two hexadecimal digits a byte. False where it is
  /// nothing of that kind.
  private static func append(
    hexadecimal text: UnsafeRawBufferPointer, to bytes: inout [UInt8]
  ) -> Bool {
    guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"),
      text[1] == UInt8(ascii: "x")
    else { return false }
    var isValid = true
    for index in stride(from: 2, to: text.count, by: 2) {
      let (high, low) = (digit(text[index]), digit(text[index + 1]))
      if high | low > 15 { isValid = false }
      bytes.append(high << 4 | low & 15)
    }
    return isValid
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

extension ResultRow: SQLRowView {
  func isNull(_ column: Int) -> Bool { PQgetisnull(result, number, Int32(column)) != 0 }

  func integer(_ column: Int) throws(DatabaseError) -> Int64 {
    switch columns[column].reading {
    case .integer, .flag:
      if case .integer(let integer) = try value(column) { return integer }
    case .text, .bytes: break
    }
    throw unexpected(column, wanted: "integer")
  }

  func append(_ column: Int, to bytes: inout [UInt8]) throws(DatabaseError) {
    guard !isNull(column) else { throw unexpected(column, wanted: "text or blob") }
    switch columns[column].reading {
    case .text: bytes.append(contentsOf: text(column))
    case .bytes:
      guard Self.append(hexadecimal: text(column), to: &bytes) else {
        throw unexpected(column, wanted: "blob")
      }
    case .integer, .flag: throw unexpected(column, wanted: "text or blob")
    }
  }
}
