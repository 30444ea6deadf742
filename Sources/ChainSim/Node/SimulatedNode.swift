internal import JSON
package import NodeRPC

/// A simulated node of any chain, to those that carry requests to it: in process (`post`) or over
/// HTTP (`ChainSimServer`). Faults that befall whole requests are the same on all.
package protocol SimulatedNode: RPCTransport {
  /// Answers a request; a fault's delay beyond the time-out times out.
  func reply(to body: [UInt8], timeoutMilliseconds: Int) async throws -> RPCReply
}

extension SimulatedNode {
  /// Answers a request in process. A fault's delay beyond `timeoutMilliseconds` times out.
  package func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let reply = try await reply(to: body, timeoutMilliseconds: timeoutMilliseconds)
    guard reply.body.count <= maximumBytes else {
      throw TransportError.tooLarge(limit: maximumBytes)
    }
    return RPCResponse(status: reply.status, body: reply.body)
  }
}

/// How a node answers calls, and which faults befall them.
protocol CallAnswering: SimulatedNode {
  var clock: any RPCClock { get }
  var dialect: RPCDialect { get }

  /// What befalls a request that calls `methods`; counts go down.
  func takeFaults(for methods: [String]) -> FaultBoard.Interference

  /// The result as JSON.
  func outcome(
    of call: RPCRequest.Call, _ interference: FaultBoard.CallInterference
  ) async -> Result<[UInt8], RPCNodeError>
}

extension CallAnswering {
  package func reply(to body: [UInt8], timeoutMilliseconds: Int) async throws -> RPCReply {
    let request: RPCRequest
    do throws(RPCNodeError) {
      request = try RPCRequest(parsing: body)
    } catch {
      return .single(RPCRequest.Call(), .failure(error), dialect)
    }
    let interference = takeFaults(for: request.calls.map(\.method))
    if interference.delayMilliseconds > 0 {
      let isTooSlow = interference.delayMilliseconds > timeoutMilliseconds
      try await clock.sleep(
        milliseconds: isTooSlow ? timeoutMilliseconds : interference.delayMilliseconds)
      if isTooSlow { throw TransportError.timedOut }
    }
    if interference.isDropped {
      throw TransportError.connectionFailed("the connection was dropped")
    }
    if interference.isUnauthorized { return RPCReply(status: 401, body: []) }
    if let (status, text) = interference.httpStatus { return .text(status, text) }
    var reply = await answer(request, interference)
    for damage in interference.bodyDamage { damage.apply(to: &reply) }
    return reply
  }

  private func answer(
    _ request: RPCRequest, _ interference: FaultBoard.Interference
  ) async -> RPCReply {
    if !request.isBatch, let call = request.calls.first {
      let outcome = await outcome(of: call, interference.calls[0])
      return .single(call, outcome, dialect)
    }
    var answers: [[UInt8]] = []
    for (call, befalls) in zip(request.calls, interference.calls) {
      let outcome = await outcome(of: call, befalls)
      if !call.isNotification { answers.append(dialect.envelope(call, outcome)) }
    }
    guard !answers.isEmpty || request.calls.isEmpty else { return RPCReply(status: 204, body: []) }
    for damage in interference.batchDamage {
      switch damage {
      case .reversed: answers.reverse()
      case .incomplete(let missing): answers.removeLast(min(max(missing, 0), answers.count))
      }
    }
    let separator = [UInt8(ascii: ",")]
    let body = [UInt8(ascii: "[")] + answers.joined(separator: separator)
    return RPCReply(status: 200, body: body + [UInt8(ascii: "]"), 0x0a])
  }
}

extension Fault.BodyDamage {
  fileprivate func apply(to reply: inout RPCReply) {
    switch self {
    case .empty: reply.body = []
    case .garbage: reply.body = Array("<html>not what you asked for</html>".utf8)
    case .truncated: reply.body.removeLast(reply.body.count - reply.body.count / 2)
    case .oversized(let byteCount):
      let missing = byteCount - reply.body.count
      if missing > 0 { reply.body += [UInt8](repeating: 0x20, count: missing) }
    }
  }
}
