internal import GRPCCore

/// Why another service gave no answer. All of these may pass, and what was asked may have been done
/// or not: it is asked again.
package enum CallFailure: Error, Equatable, CustomStringConvertible {
  /// It can't be reached, is about to end, or has no database.
  case unavailable(String)
  /// It took longer than a call may.
  case deadlineExceeded
  /// It takes none of this process's tokens.
  case unauthenticated
  /// It finds fault with the call.
  case refused(code: String, String)
  /// What it answered can't be.
  case answer(CallFieldError)

  init(_ error: RPCError) {
    switch error.code {
    case .unavailable: self = .unavailable(error.message)
    case .deadlineExceeded: self = .deadlineExceeded
    case .unauthenticated: self = .unauthenticated
    default: self = .refused(code: error.code.description, error.message)
    }
  }

  package var description: String {
    switch self {
    case .unavailable(let reason): "the service isn't there: \(reason)"
    case .deadlineExceeded: "the service didn't answer in time"
    case .unauthenticated: "the service doesn't take the token: see services.token_file"
    case .refused(let code, let message): "the service refused the call (\(code)): \(message)"
    case .answer(let error): "the service's answer can't be read: \(error)"
    }
  }
}
