package import Bytes
package import ChainTypes
package import Database

// How the chain words stand in rows: hashes as 32 bytes, amounts as decimal text, times as
// microseconds, a token's contract as `0x` and digits, empty for a chain's own coin.

extension SQLValue {
  package static func hash(_ hash: Hash32) -> SQLValue { .blob(hash.bytes) }
  package static func amount(_ amount: UInt256) -> SQLValue { .text(amount.decimal) }
  package static func time(_ time: Timestamp) -> SQLValue { .integer(time.microseconds) }
  package static func contract(_ contract: Hash20?) -> SQLValue {
    .text(contract.map { "0x\($0.hex)" } ?? "")
  }
  package static func ordinal(_ ordinal: UInt64) -> SQLValue {
    .integer(Int64(clamping: ordinal))
  }
}

/// A row that this program can't have written.
package enum CorruptRow: Error, Equatable {
  case column(String)
}

extension SQLRow {
  package func hash(_ column: String) throws -> Hash32 {
    guard let hash = try Hash32(blob(column)) else { throw CorruptRow.column(column) }
    return hash
  }

  package func optionalHash(_ column: String) throws -> Hash32? {
    try optionalBlob(column) == nil ? nil : hash(column)
  }

  package func amount(_ column: String) throws -> UInt256 {
    try UInt256(decimal: text(column))
  }

  package func time(_ column: String) throws -> Timestamp {
    try Timestamp(microseconds: integer(column))
  }

  package func ordinal(_ column: String) throws -> UInt64 {
    guard let ordinal = UInt64(exactly: try integer(column)) else {
      throw CorruptRow.column(column)
    }
    return ordinal
  }

  package func contract(_ column: String) throws -> Hash20? {
    let text = try text(column)
    guard !text.isEmpty else { return nil }
    guard text.hasPrefix("0x"), let contract = try? Hash20(hex: text.dropFirst(2)) else {
      throw CorruptRow.column(column)
    }
    return contract
  }

  package func uint32(_ column: String) throws -> UInt32 {
    guard let value = UInt32(exactly: try integer(column)) else {
      throw CorruptRow.column(column)
    }
    return value
  }

  package func chain(_ column: String) throws -> ChainName {
    guard let chain = ChainName(try text(column)) else { throw CorruptRow.column(column) }
    return chain
  }
}
