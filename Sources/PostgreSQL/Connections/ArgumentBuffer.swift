internal import CPostgres
internal import Database
internal import Glibc

/// What an argument is as far as its type goes.
enum ArgumentKind: UInt8 {
  case null, integer, text, blob, array

  /// The object identifier of its type (pg_type.dat); 0 where the server finds it itself.
  var type: Oid {
    switch self {
    case .null, .text, .array: 0
    case .integer: 20
    case .blob: 17
    }
  }
}

/// A statement's arguments as libpq wants them, in buffers that are used again: integers and bytes
/// in binary, texts (and with them amounts) as they are.
struct ArgumentBuffer {
  private(set) var kinds: [ArgumentKind] = []
  private var bytes: [UInt8] = []
  private var offsets: [Int] = []
  private var lengths: [Int32] = []
  private var formats: [Int32] = []
  private var pointers: [UnsafePointer<CChar>?] = []

  /// More than this in one statement is no argument of ours (PostgreSQL's own bound is 1 GB).
  private static let maximumBytes = 256 << 20

  var byteCount: Int { bytes.count }

  mutating func fillNothing() {
    kinds.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    formats.removeAll(keepingCapacity: true)
  }

  mutating func fill(_ arguments: [SQLValue], sql: String) throws(DatabaseError) {
    fillNothing()
    guard arguments.count <= 65_535 else {
      throw .statement("\(arguments.count) arguments are too many", sql: sql)
    }
    for argument in arguments {
      let start = bytes.count
      offsets.append(start)
      switch argument {
      case .null:
        append(.null)
      case .integer(let value):
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        append(.integer)
      case .blob(let value):
        bytes.append(contentsOf: value)
        append(.blob)
      case .text(let value):
        bytes.append(contentsOf: value.utf8)
        guard !hasZero(from: start) else { throw .invalidText(parameter: offsets.count) }
        append(.text)
      }
      try end(from: start, sql: sql)
    }
  }

  mutating func fill(_ columns: [ColumnArray], sql: String) throws(DatabaseError) {
    fillNothing()
    for column in columns {
      let start = bytes.count
      offsets.append(start)
      column.write(to: &bytes)
      append(.array)
      try end(from: start, sql: sql)
    }
  }

  private mutating func end(from start: Int, sql: String) throws(DatabaseError) {
    guard bytes.count <= Self.maximumBytes else {
      throw .statement("the arguments are too large", sql: sql)
    }
    lengths.append(Int32(bytes.count - start))
    // What ends a text in C; a pointer to an empty value must not be nil either.
    bytes.append(0)
  }

  private func hasZero(from start: Int) -> Bool {
    bytes.withUnsafeBytes { all in
      all.baseAddress.map { memchr($0 + start, 0, all.count - start) != nil } ?? false
    }
  }

  private mutating func append(_ kind: ArgumentKind) {
    kinds.append(kind)
    formats.append(kind == .integer || kind == .blob || kind == .array ? 1 : 0)
  }

  typealias Pointers = (
    values: UnsafePointer<UnsafePointer<CChar>?>?, lengths: UnsafePointer<Int32>?,
    formats: UnsafePointer<Int32>?
  )

  /// Gives the arguments out for one call, which copies them.
  mutating func withPointers<Value>(_ body: (Pointers) -> Value) -> Value {
    bytes.withUnsafeBytes { buffer in
      pointers.removeAll(keepingCapacity: true)
      for (offset, kind) in zip(offsets, kinds) {
        // Every offset lies inside the buffer: each value ends with a byte of its own.
        let pointer = buffer.baseAddress?.advanced(by: offset)
        pointers.append(
          kind == .null ? nil : pointer?.assumingMemoryBound(to: CChar.self))
      }
      return pointers.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body((values.baseAddress, lengths.baseAddress, formats.baseAddress))
          }
        }
      }
    }
  }
}
