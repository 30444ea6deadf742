/// An error that the node itself reports in a JSON-RPC answer.
package struct RPCNodeError: Error, Equatable, Sendable {
  package let code: Int
  package let message: String

  package init(code: Int, message: String) {
    self.code = code
    self.message = message
  }

  /// The codes that decide something here: JSON-RPC's own, those of Bitcoin Core's
  /// `rpc/protocol.h`, and those of EVM nodes (EIP-1474, execution-apis).
  package enum Code {
    package static let misc = -1
    package static let invalidAddressOrKey = -5
    package static let invalidParameter = -8
    package static let verifyError = -25
    package static let verifyRejected = -26
    package static let alreadyInUTXOSet = -27
    package static let inWarmUp = -28
    package static let methodNotFound = -32601
    package static let internalError = -32603
    package static let invalidParams = -32602
    package static let serverError = -32000
    package static let transactionRejected = -32003
    package static let methodNotSupported = -32004
    package static let limitExceeded = -32005
    package static let tooManyRequests = 429
    package static let unknownBlock = -39001
    package static let prunedHistory = 4444
    package static let executionReverted = 3
  }
}

extension RPCNodeError {
  /// Whether the message holds one of `phrases`, which are in lower case.
  func says(_ phrases: String...) -> Bool {
    let lower = message.lowercased()
    return phrases.contains { lower.contains($0) }
  }

  /// Whether it is about how often one asks, not about what: providers say so under HTTP 200 too,
  /// with 429 as the code or with the one that also stands for too many results (−32005).
  var isRateLimit: Bool {
    if code == Code.tooManyRequests { return true }
    guard code == Code.limitExceeded else { return false }
    return says(
      "rate limit", "ratelimit", "per second", "too many requests", "request count", "daily",
      "compute units", "quota", "credits", "capacity")
  }
}

/// Why a call brought no result.
package enum RPCError: Error, Equatable, Sendable {
  /// The node answered with an error: it is up, and it means what it says.
  case node(RPCNodeError)
  /// Code −28: the node is starting. It isn't down.
  case warmingUp(String)
  /// The node's work queue is full, or a proxy before it says so.
  case overloaded(status: Int, excerpt: String)
  /// 401 or 403: the credential is refused, or the method isn't whitelisted for it.
  case unauthorized(status: Int)
  case transport(TransportError)
  /// Not what JSON-RPC allows. `excerpt` is at most 200 characters of the answer.
  case malformed(String, excerpt: String)
  /// Answers to so many of a batch's calls kept missing.
  case incompleteBatch(missing: Int)
  /// The node failed so often that it isn't asked before `untilMilliseconds` of the clock.
  case circuitOpen(untilMilliseconds: Int64)

  /// Whether the node is to blame. A node that says no, or that
  /// it is still starting, is a node that works.
  package var countsAgainstNode: Bool {
    switch self {
    case .node, .warmingUp, .circuitOpen, .transport(.cancelled): false
    case .overloaded, .unauthorized, .transport, .malformed, .incompleteBatch: true
    }
  }

  /// Whether it is a reason to ask the node less: one that has or is asked for too much at once
  /// works.
  var shutsOutNode: Bool { isTooLarge ? false : countsAgainstNode }

  /// Whether less at once may go well.
  var isTooLarge: Bool {
    switch self {
    case .transport(.tooLarge), .transport(.requestTooLarge): true
    default: false
    }
  }
}
