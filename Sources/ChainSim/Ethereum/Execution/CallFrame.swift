package import Addresses
package import Bytes

/// One call of a transaction, with those it made: what geth's `callTracer` tells.
package struct CallFrame: Hashable, Sendable {
  package var kind: Kind
  package var from: EthereumAddress
  /// The account called or paid; for a creation the new one, nil where it failed.
  package var to: EthereumAddress?
  /// Wei; nil for a STATICCALL. A DELEGATECALL or CALLCODE shows a value and moves none.
  package var value: UInt256?
  package var gas: UInt64
  package var gasUsed: UInt64 = 0
  package var input: [UInt8]
  package var output: [UInt8] = []
  /// Why it failed, in geth's words. All that it and its calls did is undone then.
  package var error: String?
  package var revertReason: String?
  package var calls: [CallFrame] = []

  package enum Kind: String, Hashable, Sendable {
    case call = "CALL"
    case callCode = "CALLCODE"
    case delegateCall = "DELEGATECALL"
    case staticCall = "STATICCALL"
    case create = "CREATE"
    case create2 = "CREATE2"
    case selfDestruct = "SELFDESTRUCT"
  }

  package init(
    kind: Kind, from: EthereumAddress, to: EthereumAddress?, value: UInt256?, gas: UInt64,
    input: [UInt8] = []
  ) {
    self.kind = kind
    self.from = from
    self.to = to
    self.value = value
    self.gas = gas
    self.input = input
  }
}
