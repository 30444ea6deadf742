internal import JSON

/// A page whose items are JSON texts already.
enum JSONPage {
  /// `{"data":[…],"next_after":…}`; `next_after` is null on the last page.
  static func bytes(of items: [String], nextAfter: String?) -> [UInt8] {
    let data = items.joined(separator: ",")
    let next = JSONValue.optional(nextAfter).json
    return Array(#"{"data":[\#(data)],"next_after":\#(next)}"#.utf8)
  }
}
