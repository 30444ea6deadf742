internal import Bytes
internal import JSON
package import NodeRPC

extension SimulatedBitcoinNode: RPCTransport {
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

  func reply(to body: [UInt8], timeoutMilliseconds: Int) async throws -> RPCReply {
    let request: RPCRequest
    do throws(RPCNodeError) {
      request = try RPCRequest(parsing: body)
    } catch {
      return .single(RPCRequest.Call(), .failure(error))
    }
    let interference = withState { state, _ in
      state.faults.take(for: request.calls.map(\.method))
    }
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
    var reply = try await answer(request, interference)
    for damage in interference.bodyDamage { damage.apply(to: &reply) }
    return reply
  }

  private func answer(
    _ request: RPCRequest, _ interference: FaultBoard.Interference
  ) async throws -> RPCReply {
    if !request.isBatch, let call = request.calls.first {
      let outcome = await outcome(of: call, interference.calls[0])
      return .single(call, outcome)
    }
    var answers: [JSONValue] = []
    for (call, befalls) in zip(request.calls, interference.calls) {
      let outcome = await outcome(of: call, befalls)
      if !call.isNotification { answers.append(RPCReply.envelope(call, outcome)) }
    }
    guard !answers.isEmpty || request.calls.isEmpty else { return RPCReply(status: 204, body: []) }
    for damage in interference.batchDamage {
      switch damage {
      case .reversed: answers.reverse()
      case .incomplete(let missing): answers.removeLast(min(max(missing, 0), answers.count))
      }
    }
    return RPCReply(status: 200, body: JSONValue.array(answers).bytes + [0x0a])
  }

  private func outcome(
    of call: RPCRequest.Call, _ interference: FaultBoard.CallInterference
  ) async -> Result<JSONValue, RPCNodeError> {
    do throws(RPCNodeError) {
      if let error = call.error ?? interference.error { throw error }
      guard let names = RPCMethods.parameters[call.method] else {
        throw RPCNodeError(code: -32601, message: "Method not found")
      }
      let arguments = try RPCArguments(call.parameters, method: call.method, names: names)
      if call.method == "waitfornewblock" {
        return .success(try await waitForNewBlock(arguments, interference))
      }
      if let result = try command(call.method, arguments) { return .success(result) }
      return .success(try question(call.method, arguments, interference))
    } catch {
      return .failure(error)
    }
  }

  func view(_ interference: FaultBoard.CallInterference) -> NodeView {
    withState { state, _ in
      NodeView(
        machine: state.machine, interference: interference,
        unproven: interference.hasUnprovenTip ? state.machine.unprovenChild() : nil,
        hasTransactionIndex: state.hasTransactionIndex, feeEstimate: state.feeEstimate)
    }
  }

  /// Waits until the tip isn't `current_tip` (else: isn't what it is now); zero waits for ever.
  private func waitForNewBlock(
    _ arguments: RPCArguments, _ interference: FaultBoard.CallInterference
  ) async throws(RPCNodeError) -> JSONValue {
    let timeout = try arguments.integerIfPresent(0, Int.self) ?? 0
    guard timeout >= 0 else { throw RPCNodeError(code: -1, message: "Negative timeout") }
    var current = view(interference).tip.hash
    if arguments.optional(1) != nil { current = try arguments.hash(1) }
    let awaited = current
    await withTaskGroup { group in
      group.addTask {
        while !Task.isCancelled, self.view(interference).tip.hash == awaited {
          await self.waiters.wait { self.view(interference).tip.hash != awaited }
        }
      }
      if timeout > 0 {
        group.addTask { try? await self.clock.sleep(milliseconds: timeout) }
      }
      await group.next()
      group.cancelAll()
    }
    let tip = view(interference).tip
    return .object([
      .init("hash", .displayHash(tip.hash)), .init("height", .integer(tip.height)),
    ])
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
