/// What is wrong with bytes that should be JSON, and where: offsets count bytes from 0.
package enum JSONError: Error, Equatable, Sendable {
  case endOfInput(offset: Int)
  case unexpectedByte(UInt8, offset: Int)
  case tooDeep(offset: Int)
  /// A number that isn't one, or a word other than `true`, `false` and `null`.
  case invalidToken(String, offset: Int)
  /// Bytes that aren't UTF-8, a bare control character, an unknown escape or half a surrogate pair.
  case invalidString(offset: Int)
  case duplicateName(String, offset: Int)
}

extension JSONError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .endOfInput(let offset): "it ends at byte \(offset), before it is complete"
    case .unexpectedByte(let byte, let offset):
      "unexpected byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)) at byte \(offset)"
    case .tooDeep(let offset): "values are nested too deeply at byte \(offset)"
    case .invalidToken(let token, let offset):
      "\"\(token)\" at byte \(offset) is neither a number nor true, false or null"
    case .invalidString(let offset):
      "the string at byte \(offset) has an invalid character or escape"
    case .duplicateName(let name, let offset):
      "the name \"\(name)\" occurs twice in the object, again at byte \(offset)"
    }
  }
}
