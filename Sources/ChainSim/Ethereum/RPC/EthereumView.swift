internal import Addresses
internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

/// A node as one call sees it: its state at that moment, and the faults that befall the call.
struct EthereumView {
  let machine: EthereumMachine
  let faults: [EthereumFault]
  /// The highest block that the node owns up to.
  let head: SimulatedEthereumBlock

  init(machine: EthereumMachine, interference: FaultBoard.CallInterference) {
    self.machine = machine
    faults = interference.ethereum
    let lag = min(UInt64(interference.lag), machine.head.number)
    head = machine.block(at: machine.head.number - lag) ?? machine.genesis
  }

  static let unknownBlock = RPCNodeError(code: -32000, message: "unknown block")
  static let headerNotFound = RPCNodeError(code: -32000, message: "header not found")

  /// Blocks and whether they are the pending one.
  enum Found {
    case block(SimulatedEthereumBlock)
    case pending
  }

  /// The block of a hash; nil where the node has none.
  func block(_ hash: Hash32) -> SimulatedEthereumBlock? {
    guard let block = machine.block(hash), block.number <= head.number else { return nil }
    return block
  }

  /// The canonical block of a number; nil above the head.
  func block(at number: UInt64) -> SimulatedEthereumBlock? {
    number <= head.number ? machine.block(at: number) : nil
  }

  /// A number or tag.
  func find(_ value: JSONValue, _ place: Int) throws(RPCNodeError) -> Found? {
    switch value.string {
    case "latest": return .block(head)
    case "earliest": return .block(machine.genesis)
    case "pending": return .pending
    case "safe", "finalized":
      let isSafe = value.string == "safe"
      guard !faults.contains(.noFinality) else {
        throw RPCNodeError(
          code: -32000, message: (isSafe ? "safe" : "finalized") + " block not found")
      }
      let block = isSafe ? machine.safe : machine.finalized
      return .block(block.number <= head.number ? block : head)
    default: return self.block(at: try EthereumArguments.number(value, place)).map { .block($0) }
    }
  }

  /// A number, a tag, a hash, or an object with one of them (EIP-1898).
  func findBlock(
    _ value: JSONValue, _ place: Int
  ) throws(RPCNodeError) -> SimulatedEthereumBlock? {
    if let wanted = value["blockHash"] {
      guard let block = block(try EthereumArguments.hash(wanted, place)) else { return nil }
      if value["requireCanonical"]?.flag == true, !machine.isCanonical(block) {
        throw RPCNodeError(code: -32000, message: "hash is not currently canonical")
      }
      return block
    }
    let value = value["blockNumber"] ?? value
    if let text = value.string, text.utf8.count == 66 {
      return block(try EthereumArguments.hash(value, place))
    }
    switch try find(value, place) {
    case nil: return nil
    case .pending: return head
    case .block(let block): return block
    }
  }

  /// The block whose state is asked for, the latest where nothing is said.
  func stateBlock(
    _ arguments: EthereumArguments, _ place: Int
  ) throws(RPCNodeError) -> SimulatedEthereumBlock {
    let value = arguments.optional(place) ?? .string("latest")
    guard let block = try findBlock(value, place) else {
      let isByHash = value["blockHash"] != nil || value.string?.utf8.count == 66
      throw isByHash
        ? RPCNodeError(code: -32000, message: "header for hash not found") : Self.headerNotFound
    }
    for case .prunedState(let depth) in faults where head.number - block.number > depth {
      throw RPCNodeError(
        code: -32000,
        message: "historical state \(block.header.stateRoot.hex) is not available")
    }
    return block
  }

  /// The block that would come next: what waits in it, on the head.
  func pendingBlock() -> SimulatedEthereumBlock {
    var copy = machine
    let time = head.header.timestamp + 12
    return (try? copy.mine(.all, time: time)) ?? head
  }
}
