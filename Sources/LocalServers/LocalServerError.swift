/// Why a server program of this machine couldn't be used.
package enum LocalServerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The program isn't installed; names Debian's package.
  case missing(program: String, package: String)
  /// A program ended or didn't answer in time; with the end of what it said.
  case failed(String)

  package var description: String {
    switch self {
    case .missing(let program, let package):
      "\(program) is not installed: apt-get install \(package)"
    case .failed(let text): text
    }
  }
}
