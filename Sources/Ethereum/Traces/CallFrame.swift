internal import Addresses
internal import Bytes

/// A call that a transaction made, as the call tracer tells it.
struct CallFrame {
  /// The frame it was called from; nil for the transaction's own call.
  let parent: Int?
  /// Which of its parent's calls it is, from 0.
  let ordinal: UInt32
  var kind = Kind.other
  var from: EthereumAddress?
  var to: EthereumAddress?
  /// Wei.
  var value: UInt256?
  /// Whether it, or a call around it, was undone.
  var isReverted = false

  enum Kind {
    /// Moves its value.
    case call, create
    /// Moves the contract's whole balance.
    case selfDestruct
    /// Moves nothing: DELEGATECALL and CALLCODE run code in place, and geth shows the value of the
    /// call around them; STATICCALL has none.
    case inPlace
    /// One that this version doesn't know.
    case other

    init(_ name: String) {
      switch name.uppercased() {
      case "CALL": self = .call
      case "CREATE", "CREATE2": self = .create
      case "SELFDESTRUCT", "SUICIDE": self = .selfDestruct
      case "DELEGATECALL", "CALLCODE", "STATICCALL": self = .inPlace
      default: self = .other
      }
    }
  }

  init(parent: Int?, ordinal: UInt32) {
    self.parent = parent
    self.ordinal = ordinal
  }

  /// What it moved: nil where that is nothing, an error where the node doesn't say (reth's
  /// SELFDESTRUCT once had neither recipient nor value).
  func movement() throws(Untold) -> (from: EthereumAddress, to: EthereumAddress, value: UInt256)? {
    guard !isReverted, kind != .inPlace else { return nil }
    if value == nil, kind == .selfDestruct || kind == .other { throw Untold() }
    let value = value ?? .zero
    guard value > .zero else { return nil }
    guard kind != .other, let from, let to else { throw Untold() }
    return from == to ? nil : (from, to, value)
  }

  /// A frame that may have moved value, without saying from or to where, or how much.
  struct Untold: Error {}
}
