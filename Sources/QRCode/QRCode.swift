internal import CQREncode

/// A QR code (ISO/IEC 18004) of a text: a square of dark and light modules.
package struct QRCode: Sendable, Equatable {
  /// Modules on each side, without the quiet zone around them.
  package let width: Int
  /// Row by row from the top left, `width` × `width` of them.
  private let isDark: [Bool]

  package enum Failure: Error, Equatable {
    case empty
    /// More bytes than the largest symbol is sure to hold.
    case tooLong(bytes: Int)
    /// The encoder takes a zero byte for the text's end.
    case zeroByte
    case outOfMemory
  }

  /// What the largest symbol (version 40) holds as bytes at error correction level M.
  package static let maximumBytes = 2_331

  /// The smallest symbol that holds the text in UTF-8 and can be read with 15 % of it damaged
  /// (level M). Runs of digits and of capitals take up less room than other characters.
  package init(_ text: String) throws(Failure) {
    let count = text.utf8.count
    guard count > 0 else { throw .empty }
    guard count <= Self.maximumBytes else { throw .tooLong(bytes: count) }
    guard !text.utf8.contains(0) else { throw .zeroByte }
    guard let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else {
      throw .outOfMemory
    }
    defer { QRcode_free(code) }
    width = Int(code.pointee.width)
    // The lowest bit of each byte says whether the module is dark; there are width² of them.
    let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
    isDark = modules.map { $0 & 1 == 1 }
  }

  package func isDark(row: Int, column: Int) -> Bool { isDark[row * width + column] }

  /// An SVG image of one unit a module, with the quiet zone of four modules that readers need.
  package var svg: String {
    let side = width + 8
    var path = ""
    for row in 0..<width {
      var column = 0
      while column < width {
        guard isDark(row: row, column: column) else {
          column += 1
          continue
        }
        let start = column
        while column < width, isDark(row: row, column: column) { column += 1 }
        path += "M\(start + 4) \(row + 4)h\(column - start)v1h-\(column - start)z"
      }
    }
    return #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(side) \#(side)" "#
      + ##"shape-rendering="crispEdges"><path fill="#fff" d="M0 0h\##(side)v\##(side)H0z"/>"##
      + #"<path d="\#(path)"/></svg>"#
  }
}
