package import Addresses
package import Bytes
internal import JSON
internal import Synchronization

/// Which logs are asked for.
package struct LogFilter: Equatable, Sendable {
  /// Of these contracts; of all where it is empty.
  package let addresses: [EthereumAddress]
  /// At each position one of these topics; any where the position's list is empty.
  package let topics: [[Hash32]]

  package init(addresses: [EthereumAddress], topics: [[Hash32]]) {
    self.addresses = addresses
    self.topics = topics
  }

  /// An empty list means "all" to one node and "none" to another: it is left out.
  fileprivate var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    if !addresses.isEmpty {
      members.append(.init("address", .array(addresses.map { .address($0) })))
    }
    if !topics.isEmpty {
      let positions = topics.map { $0.isEmpty ? JSONValue.null : .array($0.map { .hash32($0) }) }
      members.append(.init("topics", .array(positions)))
    }
    return members
  }
}

/// What a step of a search has brought.
package struct LogPage: Equatable, Sendable {
  /// The blocks that were answered for.
  package let range: ClosedRange<UInt32>
  /// The answer, an array, for `Ethereum.ClaimedTransfer`. Whether its logs are those that were
  /// asked for, nobody has checked.
  package let logs: [UInt8]

  package init(range: ClosedRange<UInt32>, logs: [UInt8]) {
    self.range = range
    self.logs = logs
  }
}

/// How a step of a search ended.
package enum LogStep: Equatable, Sendable {
  case page(LogPage)
  /// The node refuses this block's logs even alone: its receipts must be read.
  case unanswerable(UInt32)
  /// Every block has come up.
  case finished
}

extension EthereumNode {
  private static let getLogs = "eth_getLogs"

  /// `eth_getLogs` of one block (EIP-234): the result's bytes, an array; nil where the node doesn't
  /// know the block.
  package func logs(_ filter: LogFilter, in block: Hash32) async throws(NodeError) -> [UInt8]? {
    let members = filter.members + [.init("blockHash", .hash32(block))]
    let outcome = try await outcome(RPCCall(Self.getLogs, [.object(members)]), isBulk: true)
    guard let result = try Self.known(outcome, asking: block), !result.isNull else { return nil }
    return try Self.array(result)
  }

  /// `eth_getLogs` of the active chain's blocks in `range`: the result's bytes, an array. What the
  /// node refuses as too much is its error, which `LogRefusal` reads.
  package func logs(
    _ filter: LogFilter, in range: ClosedRange<UInt32>
  ) async throws(NodeError) -> [UInt8] {
    let members =
      filter.members + [
        .init("fromBlock", .string(Self.quantity(range.lowerBound))),
        .init("toBlock", .string(Self.quantity(range.upperBound))),
      ]
    return try Self.array(try await ask(Self.getLogs, [.object(members)], isBulk: true))
  }

  /// The next step of `search` at this node: asks for fewer and fewer blocks until it answers. Its
  /// pace is this node's from then on. Errors that fewer blocks don't help are thrown, and leave
  /// the search where it was, so that another node can go on.
  package func logs(
    _ filter: LogFilter, searching search: inout LogSearch
  ) async throws(NodeError) -> LogStep {
    search.pace = learned.withLock { $0.logPace }
    while let range = search.range {
      do throws(NodeError) {
        let logs = try await logs(filter, in: range)
        search.answered()
        learn(search.pace)
        return .page(LogPage(range: range, logs: logs))
      } catch {
        guard case .tooMuch(let hint) = Self.refusal(error, asking: range) else { throw error }
        let outcome = search.refused(hint: hint)
        learn(search.pace)
        if case .unanswerable(let height) = outcome { return .unanswerable(height) }
      }
    }
    return .finished
  }

  private func learn(_ pace: LogPace) { learned.withLock { $0.logPace = pace } }

  private static func refusal(
    _ error: NodeError, asking range: ClosedRange<UInt32>
  ) -> LogRefusal {
    guard case .rpc(let error) = error else { return .other }
    return LogRefusal(error, asking: range)
  }

  /// Null isn't an empty list: it says nothing of the blocks.
  private static func array(_ result: RPCResult) throws(NodeError) -> [UInt8] {
    let bytes = result.bytes
    guard bytes.first == UInt8(ascii: "[") else {
      throw .rpc(result.malformed("not what \(getLogs) answers"))
    }
    return bytes
  }
}
