package import Addresses
package import Bytes
internal import ChainTypes

/// Why a line names nothing that can be watched.
package enum WatchListError: Error, Equatable {
  /// Longer than the longest script in hexadecimal. Nothing of the line is kept.
  case tooLong(line: Int, bytes: Int)
  case notText(line: Int)
  case invalidScript(line: Int, Hex.DecodingError)
  case invalidAddress(line: Int, AddressError)

  /// From 1.
  package var line: Int {
    switch self {
    case .tooLong(let line, _), .notText(let line), .invalidScript(let line, _),
      .invalidAddress(let line, _):
      line
    }
  }
}

extension WatchListError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLong(_, let bytes): "\(bytes) bytes are neither an address nor a script"
    case .notText: "neither an address nor hexadecimal"
    case .invalidScript(_, let error): "no script in hexadecimal: \(error)"
    case .invalidAddress(_, let error): error.sentence
    }
  }
}

extension AddressError {
  /// The reason in words.
  package var sentence: String {
    switch self {
    case .empty: "an empty address"
    case .tooLong(let prefix, let characters):
      "\(prefix)… is no address: it has \(characters) characters"
    case .wrongNetwork(let text, let expected, let found):
      "\(text) is an address of \(found.map(\.rawValue).joined(separator: ", ")), "
        + "not of \(expected.kind.rawValue)"
    case .unknownPrefix(let prefix): "no network's addresses begin with \(prefix)1"
    case .invalidSegwit(let text, let error): "\(text) is no segwit address: \(error)"
    case .invalidBase58(let text, let error): "\(text) is no address: \(error)"
    case .notAnAddress(let version, let bytes):
      "no address: version byte \(version) and \(bytes) bytes in all"
    }
  }
}
