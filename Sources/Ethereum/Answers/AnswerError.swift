/// Why a node's answer can't be used. Offsets count bytes of the answer.
package enum AnswerError: Error, Hashable, Sendable {
  /// Not JSON, or JSON of another shape.
  case malformed(offset: Int)
  case tooDeep(offset: Int)
  /// `null`: the node doesn't have what was asked for, which says nothing about whether it exists.
  case null
  case missing(String)
  case duplicate(String)
  /// A value that isn't the hexadecimal text it should be, or one of another length.
  case invalid(String)
  /// More of something than there can be.
  case tooMany(String)
}
