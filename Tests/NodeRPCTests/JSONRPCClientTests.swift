import Bytes
import JSON
import NodeRPC
import Telemetry
import Testing

@Suite("The JSON-RPC client") struct JSONRPCClientTests {
  private let height = RPCCall("getblockcount")

  private func response(_ text: String) -> RPCResponse { RPCResponse(200, text) }

  @Test("speaks JSON-RPC 2.0 with ids of its own")
  func request() async throws {
    let transport = ScriptedTransport([response(#"{"jsonrpc":"2.0","result":103,"id":1}"#)])
    let result = try await client(transport).call(
      RPCCall("getblockhash", [.integer(5)]), timeoutMilliseconds: 60_000)
    #expect(try result.json() == .number("103"))
    let sent = Array(
      #"{"jsonrpc":"2.0","id":1,"method":"getblockhash","params":[5]}"#.utf8)
    #expect(transport.requests == [try JSONValue(parsing: sent)])
  }

  @Test("a node that warms up is waited for and isn't counted as down")
  func warmUp() async throws {
    let warming = RPCResponse(
      500,
      #"{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":1}"#)
    let transport = ScriptedTransport { _, number in
      if number < 4 {
        let text = String(decoding: warming.body, as: UTF8.self)
        return RPCResponse(500, text.replacing("\"id\":1", with: "\"id\":\(number)"))
      }
      return RPCResponse(200, #"{"result":7,"error":null,"id":4}"#)
    }
    let clock = ManualClock()
    let client = client(transport, clock)
    let result = try await client.call(height, timeoutMilliseconds: 60_000)
    #expect(try result.json() == .number("7"))
    #expect(clock.sleeps.count == 3)
    #expect(client.breakerState == .closed(failures: 0))
  }

  @Test("a node that keeps warming up says so, and its breaker stays closed")
  func longWarmUp() async throws {
    let transport = ScriptedTransport { request, _ in
      let error = Answer.error(-28, "Verifying blocks…").json(id: request["id"] ?? .null)
      return RPCResponse(status: 200, body: error.bytes)
    }
    let client = client(transport)
    for _ in 0..<10 {
      await #expect(throws: RPCError.warmingUp("Verifying blocks…")) {
        try await client.call(height, timeoutMilliseconds: 60_000)
      }
    }
    #expect(client.breakerState == .closed(failures: 0))
  }

  @Test(
    "a full queue, told in plain text, is retried after waits that differ by node",
    arguments: [500, 503])
  func overloaded(status: Int) async throws {
    func run(seed: UInt64) async throws -> [Int] {
      let transport = ScriptedTransport { request, number in
        guard number == 4 else { return RPCResponse(status, "Work queue depth exceeded") }
        return RPCResponse(200, #"{"result":7,"error":null,"id":4}"#)
      }
      let clock = ManualClock()
      let result = try await client(transport, clock, seed: seed)
        .call(height, timeoutMilliseconds: 60_000)
      #expect(try result.json() == .number("7"))
      return clock.sleeps
    }
    let sleeps = try await run(seed: 1)
    #expect(sleeps.count == 3)
    #expect(try await run(seed: 1) == sleeps)
    #expect(try await run(seed: 2) != sleeps)
  }

  @Test("a queue that stays full is an error that quotes the node")
  func stillOverloaded() async {
    let transport = ScriptedTransport([RPCResponse(503, "Work queue depth exceeded\r\n")])
    let excerpt = "Work queue depth exceeded  "
    await #expect(throws: RPCError.overloaded(status: 503, excerpt: excerpt)) {
      try await client(transport).call(height, timeoutMilliseconds: 60_000)
    }
    #expect(transport.requests.count == RetryPolicy.standard.maximumAttempts)
  }

  @Test(
    "an error is an error under HTTP 200, 404 and 500",
    arguments: [
      ("err-method", -32601, "Method not found"), ("err-method-v2", -32601, "Method not found"),
      ("err-unknown-block-v1", -5, "Block not found"),
      ("err-unknown-block-v2", -5, "Block not found"),
      ("err-height", -8, "Block height out of range"), ("err-parse", -32700, "Parse error"),
    ])
  func recordedErrors(name: String, code: Int, message: String) async throws {
    let transport = ScriptedTransport([try Recorded.response(name)])
    await #expect(throws: RPCError.node(RPCNodeError(code: code, message: message))) {
      try await client(transport).call(height, timeoutMilliseconds: 60_000)
    }
    #expect(transport.requests.count == 1)
  }

  @Test("a refused password is its own error")
  func unauthorized() async throws {
    let transport = ScriptedTransport([try Recorded.response("err-auth")])
    await #expect(throws: RPCError.unauthorized(status: 401)) {
      try await client(transport).call(height, timeoutMilliseconds: 60_000)
    }
  }

  @Test("recorded batches of both protocol versions give each call its own outcome")
  func recordedBatch() async throws {
    let transport = ScriptedTransport([try Recorded.response("batch")])
    let calls = [height, RPCCall("getblockhash", [.integer(5)]), RPCCall("nope")]
    let outcomes = try await client(transport).batch(calls, timeoutMilliseconds: 60_000)
    #expect(try outcomes[0].get().json() == .number("103"))
    let hash = "1aafd420f9427a6d98e4d916751d7aa45e65caa9dc5ec100529f3da0e50ec415"
    #expect(try outcomes[1].get().displayHash().displayHex == hash)
    #expect(throws: RPCNodeError(code: -32601, message: "Method not found")) {
      try outcomes[2].get()
    }
  }

  @Test("an incomplete answer has only the missing calls asked again")
  func incompleteBatch() async throws {
    // The node took the second call for a notification and answered the two others.
    let first = try Recorded.response("batch-v2")
    let second = RPCResponse(200, #"[{"jsonrpc":"2.0","result":"again","id":4}]"#)
    let transport = ScriptedTransport([first, second])
    let calls = [height, RPCCall("second"), RPCCall("nope")]
    let outcomes = try await client(transport).batch(calls, timeoutMilliseconds: 60_000)
    #expect(try outcomes[0].get().json() == .number("103"))
    #expect(try outcomes[1].get().json() == .string("again"))
    #expect(throws: RPCNodeError.self) { try outcomes[2].get() }
    let methods = transport.requests.map { $0.elements?.map { $0["method"]?.string } }
    #expect(methods == [["getblockcount", "second", "nope"], ["second"]])
  }

  @Test("answers in another order find their calls")
  func reorderedBatch() async throws {
    let transport = ScriptedTransport { request, _ in
      let answers = (request.elements ?? []).reversed().map {
        Answer.result($0["params"]?.elements?.first ?? .null).json(id: $0["id"] ?? .null)
      }
      return RPCResponse(status: 200, body: JSONValue.array(answers).bytes)
    }
    let calls = (0..<450).map { RPCCall("echo", [.integer($0)]) }
    let outcomes = try await client(transport).batch(calls, timeoutMilliseconds: 60_000)
    #expect(try outcomes.map { try $0.get().json() } == (0..<450).map { .integer($0) })
    #expect(transport.requests.map { $0.elements?.count } == [200, 200, 50])
  }

  @Test(
    "answers that were answered already, or never asked, are refused",
    arguments: [
      (#"[{"result":1,"id":1},{"result":2,"id":1}]"#, "two answers to one call"),
      (#"[{"result":1,"id":1},{"result":2,"id":3}]"#, "an answer to no call"),
      (#"[{"result":1,"id":1},{"result":2,"id":"2"}]"#, "an answer to no call"),
      (#"[{"result":1,"id":1},{"result":2}]"#, "an answer to no call"),
      (#"{"result":1,"id":1}"#, "one answer to a batch"),
    ])
  func strangeBatch(body: String, reason: String) async {
    let transport = ScriptedTransport([response(body)])
    await #expect(throws: RPCError.malformed(reason, excerpt: body)) {
      try await client(transport).batch([height, height], timeoutMilliseconds: 60_000)
    }
  }

  @Test("more answers than calls are refused, however many there are")
  func tooManyAnswers() async {
    let one = #"{"result":1,"id":1}"#
    let body = "[" + Array(repeating: one, count: 1_000).joined(separator: ",") + "]"
    let error = await #expect(throws: RPCError.self) {
      try await client(ScriptedTransport([response(body)])).batch(
        [height, height], timeoutMilliseconds: 60_000)
    }
    guard case .malformed("more answers than calls", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("of an error only the code and the beginning of the message are read")
  func longError() async {
    let long = String(repeating: "m", count: 900_000)
    let body = #"{"id":1,"error":{"code":-1,"message":"\#(long)","data":[{"a":[1,2]}]}}"#
    let message = String(repeating: "m", count: 200) + "…"
    await #expect(throws: RPCError.node(RPCNodeError(code: -1, message: message))) {
      try await client(ScriptedTransport([response(body)])).call(
        height, timeoutMilliseconds: 60_000)
    }
  }

  @Test("an answer to a small question has a small bound, and a large one where it is asked for")
  func bounds() async throws {
    let body = #"{"id":1,"result":"\#(String(repeating: "0", count: 2 << 20))"}"#
    await #expect(
      throws: RPCError.transport(.tooLarge(limit: JSONRPCClient.smallAnswerBytes))
    ) {
      try await client(ScriptedTransport([response(body)])).call(
        height, timeoutMilliseconds: 60_000)
    }
    let result = try await client(ScriptedTransport([response(body)])).call(
      height, timeoutMilliseconds: 60_000, maximumBytes: JSONRPCClient.bulkAnswerBytes)
    #expect(try result.hexBytes().count == 1 << 20)
  }

  @Test("all tries together take no longer than one may")
  func timeForAllTries() async {
    let clock = ManualClock()
    let transport = ScriptedTransport { _, _ in
      clock.advance(milliseconds: 4_000)
      return RPCResponse(503, "Work queue depth exceeded")
    }
    await #expect(throws: RPCError.self) {
      try await client(transport, clock).call(height, timeoutMilliseconds: 10_000)
    }
    #expect(transport.requests.count == 3)
    let hasty = ScriptedTransport { _, _ in
      clock.advance(milliseconds: 9_990)
      return RPCResponse(503, "Work queue depth exceeded")
    }
    await #expect(throws: RPCError.self) {
      try await client(hasty, clock).call(height, timeoutMilliseconds: 10_000)
    }
    #expect(hasty.requests.count == 1)
  }

  @Test("calls that stay unanswered are an error with their number")
  func neverComplete() async {
    let transport = ScriptedTransport([response("[]")])
    await #expect(throws: RPCError.incompleteBatch(missing: 2)) {
      try await client(transport).batch([height, height], timeoutMilliseconds: 60_000)
    }
  }

  @Test(
    "an answer that isn't JSON-RPC is an error with a bounded excerpt",
    arguments: [
      "<html>", "", "{}", "[]", "null", #"{"result":1}"#, #"{"result":1,"id":2}"#,
      #"{"error":{"message":"no code"},"id":1}"#, #"{"result":1,"id":1} trailing"#,
      String(repeating: "x", count: 1_000_000),
    ])
  func malformed(body: String) async {
    let transport = ScriptedTransport([response(body)])
    let error = await #expect(throws: RPCError.self) {
      try await client(transport).call(height, timeoutMilliseconds: 60_000)
    }
    guard case .malformed(_, let excerpt) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(excerpt.count <= 201)
    #expect(transport.requests.count == 1)
  }

  @Test("a node that keeps failing is left alone until the breaker's pause is over")
  func breaker() async throws {
    let transport = ScriptedTransport { _, number in
      guard number > 3 else { throw TransportError.timedOut }
      return RPCResponse(200, #"{"result":7,"error":null,"id":\#(number)}"#)
    }
    let clock = ManualClock()
    let breaker = CircuitBreaker(failureThreshold: 3, basePauseMilliseconds: 1_000)
    let client = client(transport, clock, breaker: breaker)
    for _ in 0..<3 {
      await #expect(throws: RPCError.transport(.timedOut)) {
        try await client.call(height, timeoutMilliseconds: 60_000)
      }
    }
    await #expect(throws: RPCError.circuitOpen(untilMilliseconds: 1_000)) {
      try await client.call(height, timeoutMilliseconds: 60_000)
    }
    #expect(transport.requests.count == 3)
    clock.advance(milliseconds: 1_000)
    _ = try await client.call(height, timeoutMilliseconds: 60_000)
    #expect(client.breakerState == .closed(failures: 0))
  }

  @Test("cancelling during a wait ends the call without blaming the node")
  func cancelled() async {
    let transport = ScriptedTransport { _, _ in throw TransportError.connectionFailed("gone") }
    let client = client(transport)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await client.call(height, timeoutMilliseconds: 60_000)
    }
    await #expect(throws: RPCError.transport(.cancelled)) { try await task.value }
    #expect(client.breakerState == .closed(failures: 0))
  }

  @Test("calls whose answers are too large together are asked in smaller requests")
  func tooLargeTogether() async throws {
    let transport = ScriptedTransport { request, _ in
      let calls = request.elements ?? []
      guard calls.count <= 3 else { throw TransportError.tooLarge(limit: 3) }
      let answers = calls.map {
        Answer.result($0["params"]?.elements?.first ?? .null).json(id: $0["id"] ?? .null)
      }
      return RPCResponse(status: 200, body: JSONValue.array(answers).bytes)
    }
    let calls = (0..<10).map { RPCCall("echo", [.integer($0)]) }
    let outcomes = try await client(transport).batch(calls, timeoutMilliseconds: 60_000)
    #expect(try outcomes.map { try $0.get().json() } == (0..<10).map { .integer($0) })
    #expect(transport.requests.map { $0.elements?.count } == [10, 5, 2, 2, 2, 2, 2])
  }

  @Test("one answer that is too large is an error")
  func tooLargeAlone() async {
    let transport = ScriptedTransport { _, _ in throw TransportError.tooLarge(limit: 3) }
    await #expect(throws: RPCError.transport(.tooLarge(limit: 3))) {
      try await client(transport).batch([height, height], timeoutMilliseconds: 60_000)
    }
  }

  @Test("answers with changed bytes fail, or give out what stands in them")
  func mutated() async throws {
    let originals = try ["batch", "getblock-v0", "getblockheader", "err-parse"]
      .map { try Recorded.response($0) }
    var (single, batched) = (0, 0)
    for seed in 0..<400 {
      let original = originals[seed % originals.count]
      var random = SplitMix64(seed: UInt64(seed))
      var bytes = original.body
      for _ in 0..<3 {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      let response = RPCResponse(status: original.status, body: bytes)
      let transport = ScriptedTransport { _, _ in response }
      // The whole answer, read otherwise; nil where what the client steps over is no JSON.
      let said = try? JSONValue(parsing: bytes)
      if let block = try? await node(transport).block(.zero) {
        let digits = said?["result"]?.string?.lowercased()
        #expect(said == nil || digits == Hex.encode(block), "seed \(seed)")
      }
      if let result = try? await client(transport).call(height, timeoutMilliseconds: 60_000),
        let json = try? result.json()
      {
        single += 1
        #expect(said == nil || said?["result"] == json, "seed \(seed)")
      }
      let outcomes = try? await client(transport).batch(
        [height, height, height], timeoutMilliseconds: 60_000)
      for (id, outcome) in (outcomes ?? []).enumerated() {
        guard let json = try? outcome.get().json() else { continue }
        batched += 1
        let answer = said?.elements?.first { $0["id"] == .integer(id + 1) }
        #expect(said == nil || answer?["result"] == json, "seed \(seed)")
      }
    }
    #expect(single > 0 && batched > 0, "\(single), \(batched)")
  }

  @Test("calls are counted by method and outcome")
  func metrics() async throws {
    let registry = MetricsRegistry()
    let transport = methodTransport { method, _ in
      method == "getbestblockhash" ? .result(.displayHash(.zero)) : .error(-32601, "no")
    }
    let node = BitcoinNode(
      name: "eu-1", transport: transport, clock: ManualClock(), jitterSeed: 1, metrics: registry)
    _ = try await node.bestBlockHash()
    _ = try? await node.chainInfo()
    let text = registry.prometheusText()
    for line in [
      #"{method="getbestblockhash",node="eu-1",outcome="ok"} 1"#,
      #"{method="getblockchaininfo",node="eu-1",outcome="node_error"} 1"#,
    ] {
      #expect(text.contains("paywatch_rpc_calls_total" + line + "\n"))
    }
  }
}
