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

  /// An answer as it was read, not yet judged.
  private struct Draft {
    var id: JSONValue?
    var error: JSONValue?
    var result: Range<Int>?
  }

  static func parse(_ response: RPCResponse) throws(RPCError) -> Answers {
    if let refusal = refusal(response) { throw refusal }
    let drafts: [Draft]
    var isBatch = false
    do throws(JSONError) {
      var reader = JSONReader(response.body)
      isBatch = reader.peek() == UInt8(ascii: "[")
      drafts = try readDrafts(&reader, isBatch: isBatch)
    } catch {
      throw notJSON(response, error)
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
    return .malformed("HTTP \(response.status), not JSON: \(error)", excerpt: excerpt)
  }

  private static func readDrafts(
    _ reader: inout JSONReader, isBatch: Bool
  ) throws(JSONError) -> [Draft] {
    var drafts: [Draft] = []
    if isBatch {
      try reader.readArray { (reader) throws(JSONError) in
        drafts.append(try readDraft(&reader))
      }
    } else {
      drafts.append(try readDraft(&reader))
    }
    try reader.expectEnd()
    return drafts
  }

  private static func readDraft(_ reader: inout JSONReader) throws(JSONError) -> Draft {
    var draft = Draft()
    try reader.readObject { (reader, key) throws(JSONError) in
      switch key {
      case "id": draft.id = try JSONValue(reading: &reader)
      case "error": draft.error = try JSONValue(reading: &reader)
      case "result": draft.result = try reader.skipValue()
      default: _ = try reader.skipValue()
      }
    }
    return draft
  }

  private static func judge(
    _ draft: Draft, _ response: RPCResponse
  ) throws(RPCError) -> Answer {
    let id = draft.id?.integer(UInt64.self)
    if let error = draft.error, error != .null {
      guard let code = error["code"]?.integer(Int.self) else {
        throw .malformed("an error without a code", excerpt: excerpt(response.body))
      }
      let message = excerpt(Array((error["message"]?.string ?? "").utf8))
      return Answer(id: id, outcome: .failure(RPCNodeError(code: code, message: message)))
    }
    guard let range = draft.result else {
      throw .malformed("neither result nor error", excerpt: excerpt(response.body))
    }
    return Answer(id: id, outcome: .success(RPCResult(body: response.body, range: range)))
  }
}
