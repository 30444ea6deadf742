internal import HTTPServer

/// A page whose items are JSON texts already.
enum JSONPage {
  /// `{"data":[…],"next_after":…}`
  static func bytes(of items: [String], nextAfter: String?) -> [UInt8] {
    let next = JSONValue.optional(nextAfter).utf8
    return Array("{\"data\":[".utf8) + Array(items.joined(separator: ",").utf8)
      + Array("],\"next_after\":".utf8) + next + Array("}".utf8)
  }
}
