package import Hummingbird
internal import JSON

/// A page whose items are JSON texts already.
package enum JSONPage {
  /// `{"data":[…],"next_after":…}`; `next_after` is null on the last page.
  package static func bytes(of items: [String], nextAfter: String?) -> [UInt8] {
    let data = items.joined(separator: ",")
    let next = JSONValue.optional(nextAfter).json
    return Array(#"{"data":[\#(data)],"next_after":\#(next)}"#.utf8)
  }

  /// The page of the first `limit` of the items that were read, of which one more was asked for.
  package static func bytes(of items: [(id: String, json: String)], limit: Int) -> [UInt8] {
    let shown = items.prefix(limit)
    let next = items.count > limit ? shown.last?.id : nil
    return bytes(of: shown.map(\.json), nextAfter: next)
  }

  /// The same as an answer.
  package static func response(of items: [(id: String, json: String)], limit: Int) -> Response {
    .json(bytes: bytes(of: items, limit: limit))
  }
}
