import Addresses
import Bytes
import Ethereum
import JSON
import Testing

@Suite("call traces")
struct CallTraceTests {
  private static func address(_ byte: Int) -> String {
    "0x" + String(repeating: "0", count: 38) + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// A frame with geth's order of members, its calls before its value and type.
  private static func frame(
    _ type: String, from: Int = 1, to: Int? = 2, value: String? = "0x5", error: String? = nil,
    calls: [String] = []
  ) -> String {
    var members = [#""from":"\#(address(from))","gas":"0x0","gasUsed":"0x1","input":"0x""#]
    if let to { members.append(#""to":"\#(address(to))""#) }
    if let error { members.append(#""error":"\#(error)""#) }
    if !calls.isEmpty { members.append(#""calls":[\#(calls.joined(separator: ","))]"#) }
    if let value { members.append(#""value":"\#(value)""#) }
    members.append(#""type":"\#(type)""#)
    return "{\(members.joined(separator: ","))}"
  }

  private static func trace(_ text: String) throws -> CallTrace {
    let bytes = Array(text.utf8)
    return try CallTrace(bytes.span.bytes, watching: WatchingAll())
  }

  private static func paths(_ text: String) throws -> [[UInt32]] {
    try trace(text).movements.map(\.path)
  }

  @Test("calls, creations and self-destructions move value; code run in place doesn't")
  func kinds() throws {
    let kinds = [
      "CALL", "CREATE", "CREATE2", "SELFDESTRUCT", "DELEGATECALL", "CALLCODE", "STATICCALL",
    ]
    let trace = try Self.trace(
      Self.frame("CALL", calls: kinds.map { Self.frame($0) }))
    #expect(trace.movements.map(\.path) == [[0], [1], [2], [3]])
    #expect(trace.movements.allSatisfy { $0.value == UInt256(5) })
    #expect(trace.isComplete)
    #expect(!trace.isReverted)
  }

  @Test("what was undone, itself or with a call around it, moved nothing")
  func reverted() throws {
    let inner = Self.frame("CALL", calls: [Self.frame("CALL")])
    #expect(try Self.paths(Self.frame("CALL", calls: [inner])) == [[0], [0, 0]])
    let failed = Self.frame("CALL", error: "execution reverted", calls: [inner, inner])
    #expect(try Self.paths(Self.frame("CALL", calls: [failed, inner])) == [[1], [1, 0]])
    let whole = try Self.trace(Self.frame("CALL", error: "out of gas", calls: [inner]))
    #expect(whole.movements == [])
    #expect(whole.isReverted)
    // A call through DELEGATECALL is undone with it, and moves value where it isn't.
    let delegated = Self.frame("DELEGATECALL", calls: [Self.frame("CALL")])
    #expect(try Self.paths(Self.frame("CALL", calls: [delegated])) == [[0, 0]])
  }

  @Test("no value, or a value to oneself, moves nothing")
  func nothing() throws {
    let calls = [
      Self.frame("CALL", value: "0x0"), Self.frame("CALL", value: nil),
      Self.frame("CALL", from: 2, to: 2), Self.frame("SELFDESTRUCT", from: 3, to: 3),
      Self.frame("STATICCALL", value: nil),
    ]
    let trace = try Self.trace(Self.frame("CALL", calls: calls))
    #expect(trace.movements == [])
    #expect(trace.isComplete)
  }

  @Test("a self-destruction without recipient or value leaves the trace incomplete")
  func untold() throws {
    for frame in [
      Self.frame("SELFDESTRUCT", to: nil, value: nil), Self.frame("SELFDESTRUCT", value: nil),
      Self.frame("SELFDESTRUCT", to: nil), Self.frame("CALL", to: nil), Self.frame("AUTHCALL"),
      Self.frame("AUTHCALL", value: nil),
    ] {
      let trace = try Self.trace(Self.frame("CALL", calls: [frame, Self.frame("CALL")]))
      #expect(!trace.isComplete)
      #expect(trace.movements.map(\.path) == [[1]])
      let undone = try Self.trace(Self.frame("CALL", error: "x", calls: [frame]))
      #expect(undone.isComplete, "what was undone doesn't matter")
    }
  }

  @Test("a trace as deep as the EVM calls is read, and one deeper than any is refused")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      let open = String(repeating: #"{"type":"CALL","calls":["#, count: depth)
      return open + Self.frame("CALL") + String(repeating: "]}", count: depth)
    }
    #expect(try Self.trace(nested(1_024)).movements.map(\.path.count) == [1_024])
    for depth in [1_100, 100_000] {
      let bytes = Array(nested(depth).utf8)
      #expect(throws: AnswerError.self) {
        try CallTrace(bytes.span.bytes, watching: WatchingAll())
      }
    }
  }

  @Test("flipped, cut and added bytes never trap")
  func flippedBytes() {
    let inner = Self.frame("CALL", calls: [Self.frame("SELFDESTRUCT"), Self.frame("CREATE")])
    let text = Array(Self.frame("CALL", calls: [inner, inner]).utf8)
    var random = SplitMix64(seed: 11)
    var read = 0
    for _ in 0..<2_000 {
      var bytes = text
      let position = Int.random(in: bytes.indices, using: &random)
      if Bool.random(using: &random) {
        bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      } else {
        bytes.removeSubrange(position...)
      }
      if (try? CallTrace(bytes.span.bytes, watching: WatchingAll())) != nil { read += 1 }
    }
    #expect(read < 2_000)
  }

  private static func blockTrace(_ block: TestBlock, _ frames: [String]) -> [UInt8] {
    let rows = zip(block.transactions, frames).map { transaction, frame in
      #"{"txHash":"0x\#(transaction.hash.hex)","result":\#(frame)}"#
    }
    return Array("[\(rows.joined(separator: ","))]".utf8)
  }

  private static func block() throws -> TestBlock {
    let payments = try [1, 2].map { try TestBlock.payment(value: UInt256(9), nonce: $0) }
    let receipts = [EthereumReceipt.Outcome.succeeded, .failed].enumerated().map {
      EthereumReceipt(
        type: .dynamicFee, outcome: $0.element, cumulativeGasUsed: 21_000 * UInt64($0.offset + 1),
        logs: [])
    }
    return TestBlock(transactions: payments, receipts: receipts)
  }

  @Test("a block's traces give transfers by path, of transactions that succeeded")
  func blockTraces() throws {
    let block = try Self.block()
    let inner = Self.frame("CALL", calls: [Self.frame("CALL", calls: [Self.frame("CREATE")])])
    let undone = Self.frame("CALL", error: "execution reverted", calls: [Self.frame("CALL")])
    let answer = Self.blockTrace(block, [inner, undone])
    let found = try block.proved().innerTransfers(
      traces: answer.span.bytes, watching: WatchingAll())
    #expect(found.transfers.map(\.position) == [.trace([0]), .trace([0, 0])])
    #expect(found.transfers.map(\.position.description) == ["trace:0", "trace:0.0"])
    #expect(Set(found.transfers.map(\.txid)) == [block.transactions[0].hash])
    #expect(found.incomplete == [])
  }

  @Test("traces of another block, or against the receipts, are refused")
  func wrongTraces() throws {
    let block = try Self.block()
    let proof = try block.proved()
    let call = Self.frame("CALL")
    let inner = Self.frame("CALL", calls: [Self.frame("CALL")])
    let undone = Self.frame("CALL", error: "execution reverted")
    func innerTransfers(_ answer: [UInt8]) throws(CallTraceError) -> InnerTransfers {
      try proof.innerTransfers(traces: answer.span.bytes, watching: WatchingAll())
    }
    #expect(throws: CallTraceError.count(1, transactions: 2)) {
      try innerTransfers(Self.blockTrace(block, [call]))
    }
    // The second has failed by its receipt, which decides.
    let found = try innerTransfers(Self.blockTrace(block, [call, inner]))
    #expect(found.transfers.isEmpty && found.incomplete.isEmpty)
    #expect(throws: CallTraceError.outcome(index: 0)) {
      try innerTransfers(Self.blockTrace(block, [undone, undone]))
    }
    var other = block
    other.transactions.swapAt(0, 1)
    #expect(
      throws: CallTraceError.transactionHash(
        index: 0, expected: block.transactions[0].hash, found: block.transactions[1].hash)
    ) { try innerTransfers(Self.blockTrace(other, [call, undone])) }
    #expect(throws: CallTraceError.answer(.null)) { try innerTransfers(Array("null".utf8)) }
    let untraced = #"[{"error":"timeout"},{"error":"timeout"}]"#
    #expect(try innerTransfers(Array(untraced.utf8)).incomplete == [0])
  }
}
