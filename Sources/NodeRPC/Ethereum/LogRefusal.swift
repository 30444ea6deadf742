/// Why a node didn't answer `eth_getLogs`, as its error tells. The words are providers' own; each
/// test names whose.
package enum LogRefusal: Equatable, Sendable {
  /// Too many blocks, logs or bytes, or too long a search: fewer blocks may be answered.
  ///
  /// - hint: how many blocks the node says it would answer for
  case tooMuch(hint: UInt32?)
  /// The node's chain ends before the range does.
  case beyondHead
  /// The node has thrown those blocks' receipts away.
  case pruned
  /// Another error: asking for less won't help.
  case other

  package init(_ error: RPCError, asking range: ClosedRange<UInt32>) {
    switch error {
    case .node(let error): self.init(error, asking: range)
    case .transport(.tooLarge), .transport(.requestTooLarge), .transport(.timedOut),
      .overloaded(status: 504, _):
      self = .tooMuch(hint: nil)
    default: self = .other
    }
  }

  private init(_ error: RPCNodeError, asking range: ClosedRange<UInt32>) {
    if error.says("beyond current head", "beyond head", "after last accepted block") {
      self = .beyondHead
    } else if error.saysHistoryIsPruned {
      self = .pruned
    } else if error.saysTooMuch {
      self = .tooMuch(hint: Self.hint(in: error.message, asking: range))
    } else {
      self = .other
    }
  }

  /// The number of blocks that a message suggests: of a range that begins where ours did, or the
  /// number behind "limit" or "up to" and before "block" or "range". What isn't understood is nil.
  static func hint(in message: String, asking range: ClosedRange<UInt32>) -> UInt32? {
    let words = message.lowercased()
      .split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == ",")) }
      .map { $0.filter { $0 != "," } }
    let numbers = words.map { number($0) }
    for (place, first) in numbers.enumerated() where first == UInt64(range.lowerBound) {
      guard place + 1 < numbers.count, let last = numbers[place + 1],
        last >= UInt64(range.lowerBound)
      else { continue }
      let (count, overflow) = (last - UInt64(range.lowerBound)).addingReportingOverflow(1)
      return overflow ? nil : UInt32(exactly: count)
    }
    for (place, number) in numbers.enumerated() {
      guard let number, let count = UInt32(exactly: number) else { continue }
      let before = words[max(0, place - 3)..<place]
      let after = words[(place + 1)...].prefix(2)
      let isBound = before.contains { ["limit", "limited", "up", "maximum", "max"].contains($0) }
      let isOfBlocks =
        after.contains { ["block", "blocks", "range"].contains($0) } || before.last == "range"
      let limitsRange =
        before.suffix(2) == ["limit", "of"] && words.prefix(place).contains("range")
      if isBound && isOfBlocks || limitsRange { return count }
    }
    return nil
  }

  /// Decimal, or hexadecimal behind `0x`; `k` stands for a thousand.
  private static func number(_ word: String) -> UInt64? {
    if word.hasPrefix("0x") { return UInt64(word.dropFirst(2), radix: 16) }
    guard word.utf8.first.map({ (0x30...0x39).contains($0) }) == true else { return nil }
    guard word.hasSuffix("k") else { return UInt64(word) }
    return UInt64(word.dropLast()).flatMap {
      let (product, overflow) = $0.multipliedReportingOverflow(by: 1_000)
      return overflow ? nil : product
    }
  }
}

extension RPCNodeError {
  fileprivate var saysTooMuch: Bool {
    // QuickNode, under HTTP 413.
    if code == -32_614 { return true }
    if isRateLimit || says("rate limit", "per second", "too many requests") { return false }
    // From what was asked: the bounds are the wrong way round.
    if says("invalid block range") { return false }
    return says(
      "query returned more than", "response size", "block range", "max results", "maximum results",
      "exceeds limit", "exceed limit", "limit exceeded", "limited to", "range is too", "range too",
      "range limit", "too many results", "too many logs", "too many blocks", "too large",
      "query timeout", "timed out", "timeout", "deadline exceeded", "took too long")
  }
}
