internal import JSON

/// Takes a node's HTTP answer apart into JSON-RPC answers.
///
/// JSON-RPC 1.x (Bitcoin Core before 28, or asked so) answers with `result` and `error`, one of
/// them null, under HTTP 200, 500 or 404; 2.0 with exactly one of them under 200. Both are read
/// the same way: an error that isn't null decides, whatever the status.
enum AnswerParser {
  struct Answer {
    /// Nil where the node gave null, as it does when it couldn't read the request.
    let id: UInt64?
    let outcome: Result<RPCResult, RPCNodeError>
  }

  enum Answers {
    case single(Answer)
    case batch([Answer])
  }

  /// A call trace has an object and an array for each of at most 1,024 calls inside each other.
  private static let maximumDepth = 4_096

  /// An answer as it was read, not yet judged.
  private struct Draft {
    /// Nil for anything that isn't one of ours.
    var id: UInt64?
    var error: ErrorDraft?
    var result: Range<Int>?
  }

  /// Of an error only what is used is read.
  private struct ErrorDraft {
    var code: Int?
    var message = ""
  }

  /// Reads at most `maximumCount` answers; more are `malformed`.
  static func parse(
    _ response: RPCResponse, maximumCount: Int
  ) throws(RPCError) -> Answers {
    if let refusal = refusal(response) { throw refusal }
    let drafts: [Draft]
    var isBatch = false
    do throws(JSONError) {
      // Results are only stepped over here, and each reader of one has its own limit.
      var reader = JSONReader(response.body, depthLimit: maximumDepth)
      isBatch = reader.peek() == UInt8(ascii: "[")
      drafts = try readDrafts(&reader, response.body, isBatch: isBatch, maximumCount)
    } catch {
      throw notJSON(response, error)
    }
    guard drafts.count <= maximumCount else {
      throw .malformed("more answers than calls", excerpt: excerpt(response.body))
    }
    var answers: [Answer] = []
    answers.reserveCapacity(drafts.count)
    for draft in drafts { answers.append(try judge(draft, response)) }
    if !isBatch, let only = answers.first { return .single(only) }
    return .batch(answers)
  }

  /// At most 200 characters of what a node sent, printable, for messages.
  static func excerpt(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let printable = String(
      text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
    return bytes.count > 200 ? printable + "…" : printable
  }

  /// What the status alone decides.
  private static func refusal(_ response: RPCResponse) -> RPCError? {
    switch response.status {
    case 401, 403: .unauthorized(status: response.status)
    case 429, 503: .overloaded(status: response.status, excerpt: excerpt(response.body))
    default: nil
    }
  }

  private static func notJSON(_ response: RPCResponse, _ error: JSONError) -> RPCError {
    let excerpt = excerpt(response.body)
    // Bitcoin Core before 0.21 said so in plain text under 500; proxies answer 502 and 504.
    let isOverload =
      (500...599).contains(response.status) && excerpt.contains("Work queue depth exceeded")
    if isOverload || response.status == 502 || response.status == 504 {
      return .overloaded(status: response.status, excerpt: excerpt)
    }
    if response.status == 413 { return .transport(.requestTooLarge) }
    let reason = Self.excerpt("\(error)".utf8)
    return .malformed("HTTP \(response.status), not JSON: \(reason)", excerpt: excerpt)
  }

  /// One more than `maximumCount` shows that there are too many; what follows is stepped over.
  private static func readDrafts(
    _ reader: inout JSONReader, _ body: [UInt8], isBatch: Bool, _ maximumCount: Int
  ) throws(JSONError) -> [Draft] {
    var drafts: [Draft] = []
    if isBatch {
      try reader.readArray { (reader) throws(JSONError) in
        if drafts.count > maximumCount {
          _ = try reader.skipValue()
        } else {
          drafts.append(try readDraft(&reader, body))
        }
      }
    } else {
      drafts.append(try readDraft(&reader, body))
    }
    try reader.expectEnd()
    return drafts
  }

  private static func readDraft(
    _ reader: inout JSONReader, _ body: [UInt8]
  ) throws(JSONError) -> Draft {
    var draft = Draft()
    try reader.readObject { (reader, key) throws(JSONError) in
      switch key {
      case "id": draft.id = number(body[try reader.skipValue()])
      case "error": draft.error = try readError(&reader, body)
      case "result": draft.result = try reader.skipValue()
      default: _ = try reader.skipValue()
      }
    }
    return draft
  }

  /// Nil for null.
  private static func readError(
    _ reader: inout JSONReader, _ body: [UInt8]
  ) throws(JSONError) -> ErrorDraft? {
    var error = ErrorDraft()
    guard reader.peek() == UInt8(ascii: "{") else {
      return body[try reader.skipValue()].elementsEqual("null".utf8) ? nil : error
    }
    try reader.readObject { (reader, key) throws(JSONError) in
      switch key {
      case "code": error.code = number(body[try reader.skipValue()])
      case "message": error.message = try excerpt(ofValueIn: reader.skipValue(), of: body)
      default: _ = try reader.skipValue()
      }
    }
    return error
  }

  /// The integer that `token` is, where it is one.
  private static func number<Number: FixedWidthInteger>(_ token: ArraySlice<UInt8>) -> Number? {
    token.count <= 20 ? Number(String(decoding: token, as: UTF8.self)) : nil
  }

  /// Of a string its text, of a long one its beginning as it is written; of other values nothing.
  private static func excerpt(
    ofValueIn range: Range<Int>, of body: [UInt8]
  ) throws(JSONError) -> String {
    guard range.count > 1, body[range.lowerBound] == UInt8(ascii: "\"") else { return "" }
    guard range.count <= 2_000 else { return excerpt(body[range].dropFirst().dropLast()) }
    var reader = JSONReader(body, range: range)
    return try excerpt(Array(reader.readString().utf8))
  }

  private static func judge(
    _ draft: Draft, _ response: RPCResponse
  ) throws(RPCError) -> Answer {
    if let error = draft.error {
      guard let code = error.code else {
        throw .malformed("an error without a code", excerpt: excerpt(response.body))
      }
      return Answer(
        id: draft.id, outcome: .failure(RPCNodeError(code: code, message: error.message)))
    }
    guard let range = draft.result else {
      throw .malformed("neither result nor error", excerpt: excerpt(response.body))
    }
    return Answer(id: draft.id, outcome: .success(RPCResult(body: response.body, range: range)))
  }
}
