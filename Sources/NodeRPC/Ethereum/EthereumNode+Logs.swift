package import Addresses
package import Bytes
package import ChainTypes
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
  package let logs: [NodeLog]

  package init(range: ClosedRange<UInt32>, logs: [NodeLog]) {
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

  /// `eth_getLogs` of one block (EIP-234); nil where the node doesn't know it.
  package func logs(_ filter: LogFilter, in block: BlockRef) async throws(NodeError) -> [NodeLog]? {
    let members = filter.members + [.init("blockHash", .hash32(block.hash))]
    let outcome = try await outcome(RPCCall(Self.getLogs, [.object(members)]), isBulk: true)
    guard let result = try Self.known(outcome, asking: block.hash), !result.isNull else {
      return nil
    }
    return try Self.logs(result, filter) { $0 == block }
  }

  /// `eth_getLogs` of the active chain's blocks in `range`. What the node refuses as too much is
  /// its error, which `LogRefusal` reads.
  package func logs(
    _ filter: LogFilter, in range: ClosedRange<UInt32>
  ) async throws(NodeError) -> [NodeLog] {
    let members =
      filter.members + [
        .init("fromBlock", .string(Self.quantity(range.lowerBound))),
        .init("toBlock", .string(Self.quantity(range.upperBound))),
      ]
    let result = try await ask(Self.getLogs, [.object(members)], isBulk: true)
    return try Self.logs(result, filter) { range.contains($0.height) }
  }

  /// The next step of `search` at this node: asks for fewer and fewer blocks until it answers. Its
  /// pace is this node's from then on. Errors that fewer blocks don't help are thrown, and leave the
  /// search where it was, so that another node can go on.
  package func logs(
    _ filter: LogFilter, searching search: inout LogSearch
  ) async throws(NodeError) -> LogStep {
    search.pace = learned.withLock { $0.logPace }
    while let range = search.range {
      let refusal: LogRefusal
      do throws(NodeError) {
        let logs = try await logs(filter, in: range)
        search.answered()
        learn(search.pace)
        return .page(LogPage(range: range, logs: logs))
      } catch {
        refusal = Self.refusal(error, asking: range)
        guard case .tooMuch = refusal else { throw error }
      }
      guard case .tooMuch(let hint) = refusal else { continue }
      let outcome = search.refused(hint: hint)
      learn(search.pace)
      if case .unanswerable(let height) = outcome { return .unanswerable(height) }
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

  /// All logs of an answer; one that wasn't asked for, or was taken back, makes it no use.
  private static func logs(
    _ result: RPCResult, _ filter: LogFilter, _ isAsked: (BlockRef) -> Bool
  ) throws(NodeError) -> [NodeLog] {
    let addresses = Set(filter.addresses)
    let logs = try reading { () throws(RPCError) in try NodeLog.logs(result) }
    for log in logs {
      guard !log.isRemoved, isAsked(log.block),
        addresses.isEmpty || addresses.contains(log.address),
        filter.topics.count <= log.topics.count,
        zip(filter.topics, log.topics).allSatisfy({ $0.isEmpty || $0.contains($1) })
      else { throw .rpc(result.malformed("a log that wasn't asked for")) }
    }
    return logs
  }
}
