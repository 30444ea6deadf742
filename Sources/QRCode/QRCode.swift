internal import CQREncode

/// A QR code (ISO/IEC 18004) of bytes: a square of dark and light modules.
package struct QRCode: Sendable, Equatable {
  /// Modules on each side, without the quiet zone around them.
  package let width: Int
  /// Row by row from the top left, `width` × `width` of them.
  private let isDark: [Bool]

  package enum Failure: Error, Equatable {
    case empty
    /// More bytes than the largest symbol holds.
    case tooLong(bytes: Int)
    case outOfMemory
  }

  /// What the largest symbol (version 40) holds as bytes at error correction level M.
  package static let maximumBytes = 2_331

  /// The smallest symbol that holds `bytes` and can be read with 15 % of it damaged (level M).
  package init(_ bytes: [UInt8]) throws(Failure) {
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= Self.maximumBytes else { throw .tooLong(bytes: bytes.count) }
    guard let code = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else {
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
