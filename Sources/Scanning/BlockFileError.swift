package import Bytes

/// Why a file, or a part of it, holds no block.
package enum BlockFileError: Error, Equatable {
  case unknownExtension(String)
  case unreadable(String)
  case noBlock
  /// More bytes than any block has.
  case tooLong(bytes: Int)
  case invalidHex(Hex.DecodingError)
  /// A stored block begins with another network's message start, or with no network's.
  case wrongMessageStart([UInt8])
  /// A stored block whose length exceeds what is left of the file.
  case truncated(bytes: Int, remaining: Int)
}

extension BlockFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownExtension(""): "no file of blocks: its name doesn't end in .raw, .hex, .json, …"
    case .unknownExtension(let text):
      "no file of blocks: .\(text) is none of .raw .dat .blk .bin .hex .txt .json"
    case .unreadable(let reason): "can't be read: \(reason)"
    case .noBlock: "no block in it"
    case .tooLong(let bytes): "\(bytes) bytes are more than a block has"
    case .invalidHex(.oddLength(let digits)): "an odd number of hexadecimal digits (\(digits))"
    case .invalidHex(.invalidDigit(_, let offset)):
      "no hexadecimal digit at character \(offset + 1)"
    case .invalidHex(let error): "no hexadecimal: \(error)"
    case .wrongMessageStart(let bytes): "message start \(Hex.encode(bytes)) isn't the network's"
    case .truncated(let bytes, let remaining):
      "a block of \(bytes) bytes, of which only \(remaining) are there"
    }
  }
}
