internal import Database

/// Turns `$1` into SQLite's `?1`, so that a number means the same argument in both engines.
///
/// SQLite reads `$1` as a name and would number parameters in the order in which they appear.
/// Text in quotes and comments stays as it is.
enum ParameterRewriting {
  static func rewrite(_ sql: String) -> String {
    var bytes = Array(sql.utf8)
    for parameter in StatementText.parameters(in: bytes) {
      bytes[parameter.index] = UInt8(ascii: "?")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
