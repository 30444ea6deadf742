/// Where in a transaction value moves. Nothing in it depends on the block: a reorg that moves the
/// transaction changes nothing.
package enum TransferPosition: Hashable, Sendable, Comparable {
  /// A Bitcoin output's index.
  case vout(UInt32)
  /// An EVM transaction's own value.
  case value
  /// A log of an EVM transaction, by its index among that transaction's logs, from 0.
  case log(UInt32)
  /// A call inside an EVM transaction, by its path from the transaction's own call: the index of a
  /// call among its caller's calls, level by level, from 0.
  case trace([UInt32])

  /// How the chain's hashes are written.
  package var hashForm: HashForm {
    switch self {
    case .vout: .bitcoin
    case .value, .log, .trace: .ethereum
    }
  }

  /// Orders those of one transaction as they happen, but for calls, which come last.
  package static func < (a: TransferPosition, b: TransferPosition) -> Bool {
    switch (a, b) {
    case (.vout(let a), .vout(let b)), (.log(let a), .log(let b)): a < b
    case (.trace(let a), .trace(let b)): a.lexicographicallyPrecedes(b)
    default: a.rank < b.rank
    }
  }

  private var rank: Int {
    switch self {
    case .vout: 0
    case .value: 1
    case .log: 2
    case .trace: 3
    }
  }
}

extension TransferPosition: CustomStringConvertible {
  /// `3`, `value`, `log:3`, `trace:0.2.1`.
  package var description: String {
    switch self {
    case .vout(let index): "\(index)"
    case .value: "value"
    case .log(let index): "log:\(index)"
    case .trace(let path): "trace:" + path.map(String.init).joined(separator: ".")
    }
  }

  /// From its text, in exactly that form; nil otherwise.
  package init?(_ text: some StringProtocol) {
    func index(_ digits: some StringProtocol) -> UInt32? {
      guard let value = UInt32(digits), String(value) == digits else { return nil }
      return value
    }
    if text == "value" {
      self = .value
    } else if text.hasPrefix("log:") {
      guard let value = index(text.dropFirst(4)) else { return nil }
      self = .log(value)
    } else if text.hasPrefix("trace:") {
      let parts = text.dropFirst(6).split(separator: ".", omittingEmptySubsequences: false)
      let path = parts.compactMap { index($0) }
      guard path.count == parts.count else { return nil }
      self = .trace(path)
    } else {
      guard let value = index(text) else { return nil }
      self = .vout(value)
    }
  }
}
