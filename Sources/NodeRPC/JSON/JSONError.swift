/// What is wrong with bytes that should be JSON, and where.
package enum JSONError: Error, Equatable, Sendable {
  case endOfInput(offset: Int)
  case unexpectedByte(UInt8, offset: Int)
  case tooDeep(offset: Int)
  /// A number that isn't one, or a word other than `true`, `false` and `null`.
  case invalidToken(String, offset: Int)
}
