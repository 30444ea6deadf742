internal import Bytes
package import JSON
internal import Synchronization

/// A method and its parameters.
package struct RPCCall: Equatable, Sendable {
  package let method: String
  package let parameters: [JSONValue]

  package init(_ method: String, _ parameters: [JSONValue] = []) {
    self.method = method
    self.parameters = parameters
  }

  func json(id: UInt64) -> JSONValue {
    .object([
      .init("jsonrpc", .string("2.0")), .init("id", .integer(id)),
      .init("method", .string(method)), .init("params", .array(parameters)),
    ])
  }
}

/// JSON-RPC with one node: ids matched, failures retried as the policy says, and a breaker that
/// spares a node which keeps failing.
///
/// It starts no task and reads no other clock or randomness than it is given.
package final class JSONRPCClient: Sendable {
  private let transport: any RPCTransport
  private let clock: any RPCClock
  private let policy: RetryPolicy
  private let state: Mutex<State>

  private let metrics: RPCMetrics?

  /// Calls in one request where each answer is short. Bitcoin Core takes any number, proxies and
  /// other nodes may not.
  package static let maximumBatchCount = 200

  /// The bound of an answer to a small question, and of a batch of those.
  package static let smallAnswerBytes = 1 << 20
  /// A block of 4 MB is 8 MB of hexadecimal; a batch of transactions or a full mempool more.
  package static let bulkAnswerBytes = 64 << 20

  static func answerBytes(isBulk: Bool) -> Int { isBulk ? bulkAnswerBytes : smallAnswerBytes }

  /// What one answer may take.
  private struct Limits {
    var timeoutMilliseconds: Int
    let maximumBytes: Int

    init(_ timeoutMilliseconds: Int, _ maximumBytes: Int) {
      self.timeoutMilliseconds = timeoutMilliseconds
      self.maximumBytes = maximumBytes
    }
  }

  private struct State {
    var nextID: UInt64 = 1
    var jitter: SplitMix64
    var breaker: CircuitBreaker
  }

  package init(
    transport: any RPCTransport, clock: any RPCClock, policy: RetryPolicy = .standard,
    breaker: CircuitBreaker = CircuitBreaker(), jitterSeed: UInt64, metrics: RPCMetrics? = nil
  ) {
    self.transport = transport
    self.metrics = metrics
    self.clock = clock
    self.policy = policy
    state = Mutex(State(jitter: SplitMix64(seed: jitterSeed), breaker: breaker))
  }

  package var breakerState: CircuitBreaker.State { state.withLock { $0.breaker.state } }

  /// Calls one method. An error that the node reports is `RPCError.node`.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: for all tries together
  ///   - maximumBytes: the bound of the answer
  package func call(
    _ call: RPCCall, timeoutMilliseconds: Int,
    maximumBytes: Int = JSONRPCClient.smallAnswerBytes
  ) async throws(RPCError) -> RPCResult {
    let limits = Limits(timeoutMilliseconds, maximumBytes)
    return try await retrying(call.method, limits) { (limits) async throws(RPCError) in
      try await self.callOnce(call, limits)
    }
  }

  /// Calls several methods and gives their outcomes in the order of `calls`. The node may answer
  /// in any order; calls that it leaves out are asked again. Answers to ids that weren't asked, or
  /// a second answer to one, make the whole batch `malformed`.
  ///
  /// At most `maximumCount` calls go into one request; where the answers together are too large for
  /// `maximumBytes`, or the request for the node, fewer. The time is that of each request, its
  /// further tries included.
  package func batch(
    _ calls: [RPCCall], maximumCount: Int = JSONRPCClient.maximumBatchCount,
    timeoutMilliseconds: Int, maximumBytes: Int = JSONRPCClient.smallAnswerBytes
  ) async throws(RPCError) -> [Result<RPCResult, RPCNodeError>] {
    precondition(maximumCount > 0, "a request holds a call")
    var outcomes: [Result<RPCResult, RPCNodeError>] = []
    outcomes.reserveCapacity(calls.count)
    var count = maximumCount
    while outcomes.count < calls.count {
      let end = min(outcomes.count + count, calls.count)
      let part = Array(calls[outcomes.count..<end])
      do throws(RPCError) {
        outcomes += try await smallBatch(part, Limits(timeoutMilliseconds, maximumBytes))
      } catch {
        guard error.isTooLarge, part.count > 1 else { throw error }
        // Large answers side by side are no fault of theirs: each may be fine alone.
        count = part.count / 2
      }
    }
    return outcomes
  }

  private func smallBatch(
    _ calls: [RPCCall], _ limits: Limits
  ) async throws(RPCError) -> [Result<RPCResult, RPCNodeError>] {
    var outcomes = [Result<RPCResult, RPCNodeError>?](repeating: nil, count: calls.count)
    return try await retrying(calls.first?.method ?? "", limits) {
      (limits) async throws(RPCError) in
      let open = outcomes.indices.filter { outcomes[$0] == nil }
      let answers = try await self.batchOnce(open.map { calls[$0] }, limits)
      for (index, answer) in zip(open, answers) { outcomes[index] = answer }
      let complete = outcomes.compactMap { $0 }
      guard complete.count == calls.count else {
        throw .incompleteBatch(missing: calls.count - complete.count)
      }
      return complete
    }
  }

  private func callOnce(
    _ call: RPCCall, _ limits: Limits
  ) async throws(RPCError) -> RPCResult {
    let id = takeIDs(1)
    let response = try await post(call.json(id: id), limits)
    guard case .single(let answer) = try AnswerParser.parse(response, maximumCount: 1) else {
      throw .malformed("an array for one call", excerpt: AnswerParser.excerpt(response.body))
    }
    switch answer.outcome {
    case .success(let result):
      guard answer.id == id else {
        throw .malformed("another id", excerpt: AnswerParser.excerpt(response.body))
      }
      return result
    case .failure(let error):
      // Without an id the node couldn't read the request, but the answer is to it.
      guard answer.id == id || answer.id == nil else {
        throw .malformed("another id", excerpt: AnswerParser.excerpt(response.body))
      }
      throw Self.rpcError(error)
    }
  }

  /// Outcomes in the order of `calls`; nil where the node didn't answer one.
  private func batchOnce(
    _ calls: [RPCCall], _ limits: Limits
  ) async throws(RPCError) -> [Result<RPCResult, RPCNodeError>?] {
    let firstID = takeIDs(UInt64(calls.count))
    let request = JSONValue.array(
      calls.enumerated().map { $1.json(id: firstID &+ UInt64($0)) })
    let response = try await post(request, limits)
    switch try AnswerParser.parse(response, maximumCount: calls.count) {
    case .single(let answer):
      if case .failure(let error) = answer.outcome { throw Self.rpcError(error) }
      throw .malformed("one answer to a batch", excerpt: AnswerParser.excerpt(response.body))
    case .batch(let answers):
      return try Self.matched(answers, firstID: firstID, count: calls.count, response)
    }
  }

  private static func matched(
    _ answers: [AnswerParser.Answer], firstID: UInt64, count: Int, _ response: RPCResponse
  ) throws(RPCError) -> [Result<RPCResult, RPCNodeError>?] {
    var outcomes = [Result<RPCResult, RPCNodeError>?](repeating: nil, count: count)
    for answer in answers {
      guard let id = answer.id, id >= firstID, id - firstID < UInt64(count) else {
        throw .malformed("an answer to no call", excerpt: AnswerParser.excerpt(response.body))
      }
      let index = Int(id - firstID)
      guard outcomes[index] == nil else {
        throw .malformed(
          "two answers to one call", excerpt: AnswerParser.excerpt(response.body))
      }
      if case .failure(let error) = answer.outcome, error.code == RPCNodeError.Code.inWarmUp {
        throw .warmingUp(error.message)
      }
      // A provider that limits how often it is asked leaves out calls of a batch by such errors.
      if case .failure(let error) = answer.outcome, error.isRateLimit { continue }
      outcomes[index] = answer.outcome
    }
    return outcomes
  }

  private static func rpcError(_ error: RPCNodeError) -> RPCError {
    if error.code == RPCNodeError.Code.inWarmUp { return .warmingUp(error.message) }
    return error.isRateLimit ? .overloaded(status: 429, excerpt: error.message) : .node(error)
  }

  private func post(
    _ request: JSONValue, _ limits: Limits
  ) async throws(RPCError) -> RPCResponse {
    do {
      return try await transport.post(
        request.bytes, timeoutMilliseconds: limits.timeoutMilliseconds,
        maximumBytes: limits.maximumBytes)
    } catch let error as TransportError {
      throw .transport(error)
    } catch is CancellationError {
      throw .transport(.cancelled)
    } catch {
      throw .transport(.connectionFailed("\(error)"))
    }
  }

  /// Runs `attempt` until it succeeds or the policy gives up, and tells the breaker and the
  /// metrics how it ended.
  private func retrying<Value>(
    _ method: String, _ limits: Limits, _ attempt: (Limits) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    try admit()
    let start = clock.nowMilliseconds
    do throws(RPCError) {
      let value = try await retryingAdmitted(limits, since: start, attempt)
      state.withLock { $0.breaker.succeeded() }
      metrics?.record(method, nil, milliseconds: clock.nowMilliseconds - start)
      return value
    } catch {
      settle(error)
      metrics?.record(method, error, milliseconds: clock.nowMilliseconds - start)
      throw error
    }
  }

  private func retryingAdmitted<Value>(
    _ limits: Limits, since start: Int64, _ attempt: (Limits) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    var left = limits
    var count = 1
    while true {
      let failure: RPCError
      do throws(RPCError) {
        return try await attempt(left)
      } catch {
        failure = error
      }
      let delay = state.withLock {
        policy.delayMilliseconds(after: failure, attempt: count, random: $0.jitter.next())
      }
      let spent = Int(clamping: clock.nowMilliseconds &- start)
      guard let delay, limits.timeoutMilliseconds &- spent > delay else { throw failure }
      left.timeoutMilliseconds = limits.timeoutMilliseconds &- spent &- delay
      do {
        try await clock.sleep(milliseconds: delay)
      } catch {
        throw .transport(.cancelled)
      }
      count += 1
    }
  }

  private func admit() throws(RPCError) {
    let now = clock.nowMilliseconds
    let refusedUntil: Int64? = state.withLock {
      if $0.breaker.admit(at: now) { return nil }
      if case .open(let until, _) = $0.breaker.state { return until }
      return now
    }
    if let refusedUntil { throw .circuitOpen(untilMilliseconds: refusedUntil) }
  }

  private func settle(_ failure: RPCError) {
    let now = clock.nowMilliseconds
    state.withLock {
      if failure.shutsOutNode {
        $0.breaker.failed(at: now)
      } else if failure == .transport(.cancelled) {
        $0.breaker.abandoned(at: now)
      } else {
        $0.breaker.succeeded()
      }
    }
  }

  private func takeIDs(_ count: UInt64) -> UInt64 {
    state.withLock {
      let first = $0.nextID
      // Ids only tell the calls of one request apart; starting over far below 2^53, which some
      // nodes read numbers with, does no harm.
      $0.nextID = first > 1 << 48 ? 1 : first + count
      return first
    }
  }
}
