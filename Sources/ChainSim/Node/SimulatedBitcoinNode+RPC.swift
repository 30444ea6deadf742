internal import Bytes
internal import JSON
internal import NodeRPC

extension SimulatedBitcoinNode: CallAnswering {
  var dialect: RPCDialect { .bitcoinCore }

  func takeFaults(for methods: [String]) -> FaultBoard.Interference {
    withState { state, _ in state.faults.take(for: methods) }
  }

  func outcome(
    of call: RPCRequest.Call, _ interference: FaultBoard.CallInterference
  ) async -> Result<[UInt8], RPCNodeError> {
    do throws(RPCNodeError) {
      if let error = call.error ?? interference.error { throw error }
      guard let names = RPCMethods.parameters[call.method] else {
        throw RPCNodeError(code: -32601, message: "Method not found")
      }
      let arguments = try RPCArguments(call.parameters, method: call.method, names: names)
      if call.method == "waitfornewblock" {
        return .success(try await waitForNewBlock(arguments, interference).bytes)
      }
      if let result = try command(call.method, arguments) { return .success(result.bytes) }
      return .success(try question(call.method, arguments, interference).bytes)
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
