package import Bytes
package import JSON

/// A call's result: the part of the answer's body that holds it, decoded when asked.
package struct RPCResult: Sendable {
  private let body: [UInt8]
  private let range: Range<Int>

  init(body: [UInt8], range: Range<Int>) {
    self.body = body
    self.range = range
  }

  /// The result as it came.
  package var bytes: [UInt8] { Array(body[range]) }

  package var isNull: Bool { body[range].elementsEqual("null".utf8) }

  /// The result as a tree, for small ones.
  package func json() throws(RPCError) -> JSONValue {
    try reading { (reader) throws(JSONError) in try JSONValue(reading: &reader) }
  }

  package func text() throws(RPCError) -> String {
    try reading { (reader) throws(JSONError) in try reader.readString() }
  }

  /// The bytes of a result that is one hexadecimal string, straight from the body: a block is
  /// megabytes, and becomes neither a `String` nor a tree.
  package func hexBytes() throws(RPCError) -> [UInt8] {
    let token = try reading { (reader) throws(JSONError) in try reader.readStringToken() }
    do throws(Hex.DecodingError) {
      return try Hex.decode(digits: body.span.extracting(token.range))
    } catch {
      throw malformed("not hexadecimal: \(error)")
    }
  }

  /// A result that is one hash in display order.
  package func displayHash() throws(RPCError) -> Hash32 {
    let bytes = try hexBytes()
    guard let hash = Hash32(bytes) else { throw malformed("not 32 bytes") }
    return hash.reversed
  }

  /// The error for a result that isn't what the method should give.
  package func malformed(_ reason: String) -> RPCError {
    .malformed(reason, excerpt: AnswerParser.excerpt(body[range]))
  }

  /// Reads the whole result with `body`.
  package func reading<Value>(
    _ read: (inout JSONReader) throws(JSONError) -> Value
  ) throws(RPCError) -> Value {
    do throws(JSONError) {
      var reader = JSONReader(body, range: range)
      let value = try read(&reader)
      try reader.expectEnd()
      return value
    } catch {
      throw malformed("unexpected result: " + AnswerParser.excerpt("\(error)".utf8))
    }
  }

  /// The bytes of `token`, which a reader of this result found, as a hash in display order.
  package func displayHash(of token: JSONReader.StringToken) -> Hash32? {
    guard token.range.count == 64, !token.hasEscapes,
      let bytes = try? Hex.decode(digits: body.span.extracting(token.range))
    else { return nil }
    return Hash32(bytes)?.reversed
  }
}
