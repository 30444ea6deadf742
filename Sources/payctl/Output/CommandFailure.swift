internal import Bytes

/// Why a command can't do what was asked, in words for whoever asked.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description.withPlainLines }
}
