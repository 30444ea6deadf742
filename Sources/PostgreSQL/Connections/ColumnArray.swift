internal import CPostgres
internal import Database

/// The values of one column as PostgreSQL's one-dimensional array in binary: five words (how many
/// dimensions, whether there are nulls, the elements' type, how many there are, the first one's
/// number), then each value behind its length, all of them big-endian (array_recv in
/// src/backend/utils/adt/arrayfuncs.c).
struct ColumnArray {
  private let type: Oid
  private var values: [UInt8] = []
  private var count: Int32 = 0
  private var hasNull = false

  init(_ kind: RowStatement.Kind) {
    // Of the elements (pg_type.dat). Amounts are given as texts.
    type =
      switch kind {
      case .text, .amount: 25
      case .integer: 20
      case .blob: 17
      }
    values.reserveCapacity(1_024)
  }

  /// Adds a value that the column takes. Returns how many bytes it has.
  mutating func append(_ value: SQLValue) -> Int {
    let start = values.count
    count += 1
    switch value {
    case .null:
      hasNull = true
      append(word: -1)
    case .integer(let integer):
      append(word: 8)
      withUnsafeBytes(of: integer.bigEndian) { values.append(contentsOf: $0) }
    case .text(var text):
      text.withUTF8 { utf8 in
        append(word: Int32(clamping: utf8.count))
        values.append(contentsOf: utf8)
      }
    case .blob(let bytes):
      append(word: Int32(clamping: bytes.count))
      values.append(contentsOf: bytes)
    }
    return values.count - start
  }

  /// Writes the array behind what stands in `bytes`.
  func write(to bytes: inout [UInt8]) {
    for word in [1, hasNull ? 1 : 0, Int32(bitPattern: type), count, 1] {
      withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
    bytes.append(contentsOf: values)
  }

  private mutating func append(word: Int32) {
    withUnsafeBytes(of: word.bigEndian) { values.append(contentsOf: $0) }
  }
}
