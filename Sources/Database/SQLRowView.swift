/// A row of an answer where the engine holds it, for the time of the call that it is given to: who
/// reads many of them spares making values of each. Columns are counted from 0, and exist.
package protocol SQLRowView {
  func isNull(_ column: Int) -> Bool

  /// Throws `unexpectedValue` where it is none.
  func integer(_ column: Int) throws(DatabaseError) -> Int64

  /// Appends a text's UTF-8 or a blob's bytes. Throws `unexpectedValue` where it is neither.
  func append(_ column: Int, to bytes: inout [UInt8]) throws(DatabaseError)
}
