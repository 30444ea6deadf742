internal import Bytes
internal import ChainTypes

/// A field of a message that isn't what the service's definition says.
package struct CallFieldError: Error, Equatable, CustomStringConvertible {
  /// As the definition calls it, below its message's: `lines[3].quantity`.
  package let field: String
  package let message: String

  package var description: String { "\(field): \(message)" }
}

/// What a field must be, in requests and in answers: nothing that another process sends is taken
/// unseen.
enum CallField {
  /// Of ids, of words, and of what people read.
  static let idBytes = 1...64
  static let wordBytes = 1...128
  static let reasonBytes = 1_024
  static let uriBytes = 0...2_048
  /// How many sources may agree on a rate.
  static let sourceCounts: ClosedRange<Int64> = 0...1_000

  /// A text without U+0000, which no database takes.
  static func text(
    _ field: String, _ text: String, bytes: ClosedRange<Int>
  ) throws(CallFieldError) -> String {
    guard bytes.contains(text.utf8.count), !text.utf8.contains(0) else {
      throw CallFieldError(
        field: field,
        message: text.utf8.contains(0)
          ? "it holds U+0000"
          : "\(bytes.lowerBound) to \(bytes.upperBound) bytes, not \(text.utf8.count)")
    }
    return text
  }

  static func integer(
    _ field: String, _ value: Int64, in range: ClosedRange<Int64>
  ) throws(CallFieldError) -> Int64 {
    guard range.contains(value) else {
      throw CallFieldError(
        field: field, message: "\(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    return value
  }

  /// A moment of the years 1970 to 9999.
  static func moment(
    _ field: String, microseconds: Int64
  ) throws(CallFieldError) -> Timestamp {
    Timestamp(
      microseconds: try integer(field, microseconds, in: 0...253_402_300_799_999_999))
  }

  static func amount(_ field: String, _ text: String) throws(CallFieldError) -> UInt256 {
    do {
      return try UInt256(decimal: text)
    } catch {
      throw CallFieldError(
        field: field, message: "decimal digits of a number of at most 256 bits")
    }
  }

  static func rate(_ field: String, _ text: String) throws(CallFieldError) -> ExactDecimal {
    // As numbers are written in JSON they may have an exponent.
    guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
      let rate = try? ExactDecimal(text)
    else {
      throw CallFieldError(
        field: field, message: "at most 38 decimal digits, and one point at most")
    }
    return rate
  }

  /// What people read, cut to what the field may hold.
  static func reason(_ text: String) -> String {
    guard text.utf8.count > reasonBytes else { return text }
    // A character that is cut through is left out.
    return String(decoding: text.utf8.prefix(reasonBytes), as: UTF8.self)
      .replacing("\u{fffd}", with: "")
  }
}
