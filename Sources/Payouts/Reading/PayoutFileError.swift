package import JSON

/// Why a file is no batch.
package enum PayoutFileError: Error, Equatable, Sendable {
  case tooLarge(bytes: Int)
  case json(JSONError)
  /// A member that must be there.
  case missing(String)
  /// A member that nothing knows: a newer version's, or a mistake.
  case unknown(String)
  /// A member whose value isn't what it must be.
  case wrong(String, String)
}

extension PayoutFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let bytes): "\(bytes) bytes are too many for a batch"
    case .json(let error): "not JSON: \(error)"
    case .missing(let place): "\(place) is missing"
    case .unknown(let place): "\(place) is no member that this version knows"
    case .wrong(let place, let wanted): "\(place) must be \(wanted)"
    }
  }
}
