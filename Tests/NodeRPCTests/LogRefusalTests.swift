import NodeRPC
import Testing

@Suite("Refusals of eth_getLogs") struct LogRefusalTests {
  private let range: ClosedRange<UInt32> = 1_000...20_999

  private func refusal(_ code: Int, _ message: String) -> LogRefusal {
    LogRefusal(.node(RPCNodeError(code: code, message: message)), asking: range)
  }

  @Test(
    "each provider's way of saying that it is too much is known, and its hint where it gives one",
    arguments: [
      // Infura.
      (-32005, "query returned more than 10000 results", nil),
      (
        -32005,
        "query returned more than 10000 results. Try with this block range [0x3E8, 0x7CF].", 1_000
      ),
      (-32602, "range 20000 exceeds limit of 10000", 10_000),
      // Alchemy.
      (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
        2_000
      ),
      (-32600, "You can make eth_getLogs requests with up to a 500 block range.", 500),
      // QuickNode, under HTTP 413.
      (-32614, "eth_getLogs is limited to a 10,000 range", 10_000),
      // reth and those who took its words.
      (-32602, "query exceeds max block range 100000", 100_000),
      (-32602, "query exceeds max results 20000, retry with the range 1000-1500", 501),
      (-32602, "query exceeds max results 20000, retry with the range 1000-20999", 20_000),
      // Morph, Candle, Erigon.
      (
        -32000,
        "block range is larger than max block range, block range = 5120, max block range = 5000",
        5_000
      ),
      (-32600, "block range too high", nil),
      (-32005, "block range too large, max range: 1000", 1_000),
      // geth.
      (-32602, "exceed maximum block range: 5000", 5_000),
      (-32002, "request timed out", nil),
      (-32000, "query timeout exceeded", nil),
    ] as [(Int, String, UInt32?)])
  func tooMuch(code: Int, message: String, hint: UInt32?) {
    #expect(refusal(code, message) == .tooMuch(hint: hint))
  }

  @Test("a suggestion of more blocks than there can be is none")
  func absurd() {
    let error = RPCError.node(
      RPCNodeError(
        code: -32602, message: "block range is too large, try 0x0 0xffffffffffffffff"))
    #expect(LogRefusal(error, asking: 0...1_000) == .tooMuch(hint: nil))
  }

  @Test("an answer that is too large or too late is too much")
  func transport() {
    let errors: [RPCError] = [
      .transport(.tooLarge(limit: 1)), .transport(.timedOut),
      .transport(.requestTooLarge), .overloaded(status: 504, excerpt: ""),
    ]
    for error in errors {
      #expect(LogRefusal(error, asking: range) == .tooMuch(hint: nil))
    }
  }

  @Test("what fewer blocks don't help is something else")
  func other() {
    #expect(
      refusal(-32602, "block range extends beyond current head block") == .beyondHead)
    #expect(refusal(4444, "pruned history unavailable") == .pruned)
    #expect(refusal(-32602, "invalid block range params") == .other)
    #expect(refusal(-32005, "daily request count exceeded, request rate limited") == .other)
    #expect(refusal(-32000, "too many requests, limit exceeded") == .other)
    #expect(refusal(-32601, "Method not found") == .other)
    #expect(LogRefusal(.transport(.connectionFailed("refused")), asking: range) == .other)
    #expect(LogRefusal(.unauthorized(status: 401), asking: range) == .other)
  }
}
