internal import Addresses
internal import Bytes
package import ChainTracking
package import ChainTypes
internal import Ethereum
package import NodeRPC
internal import Synchronization

/// Finds blocks that hold transfers of listed tokens to watched addresses, by what nodes answer to
/// `eth_getLogs`: all transfers of those tokens are asked for and matched here, so that no node
/// learns which addresses are ours.
///
/// It says where to look, and proves nothing: a node can leave out logs, and invent some. As many
/// nodes as the quorum go over every block, each for itself, and what any of them tells is looked
/// at. The number never shrinks because nodes fail.
package struct LogDiscovery: Sendable {
  private let pool: EthereumPool
  private let spec: ChainSpec
  private let filter: LogFilter
  private let accounts: WatchedAccounts

  /// The blocks to read, by their heights.
  package struct Found: Equatable, Sendable {
    /// Those of which nodes tell a transfer that isn't dust, with the nodes' places in the pool;
    /// none for those that must be read for another reason.
    package fileprivate(set) var tellers: [UInt32: Set<Int>] = [:]

    package init() {}

    fileprivate mutating func merge(_ other: Found) {
      tellers.merge(other.tellers) { $0.union($1) }
    }
  }

  package init(pool: EthereumPool, spec: ChainSpec, watching watched: WatchSet) {
    self.pool = pool
    self.spec = spec
    filter = LogFilter(
      addresses: spec.tokens.compactMap { $0.asset.contract.map { .init($0) } },
      topics: [[TokenTransfer.topic]])
    accounts = WatchedAccounts(set: watched)
  }

  /// Goes over the blocks of `range`, all of them at or below `end`, which asked nodes must have in
  /// their active chains. Holds some bytes for each block that is found.
  ///
  /// - Parameter onPage: called with each range that a node has answered for
  package func blocks(
    in range: ClosedRange<UInt32>, upTo end: BlockRef,
    onPage: @escaping @Sendable (ClosedRange<UInt32>) -> Void = { _ in }
  ) async throws(NodePoolError) -> Found {
    // Without a contract, nodes would give every token's logs.
    guard !filter.addresses.isEmpty else { return Found() }
    let spare = Spare(pool.servingOrder())
    let outcomes = await withTaskGroup(of: Result<Found, NodePoolError>.self) { group in
      for _ in 0..<pool.quorum {
        group.addTask {
          do throws(NodePoolError) {
            return .success(try await search(range, upTo: end, among: spare, onPage))
          } catch {
            return .failure(error)
          }
        }
      }
      var outcomes: [Result<Found, NodePoolError>] = []
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
    var found = Found()
    for outcome in outcomes { found.merge(try outcome.get()) }
    return found
  }

  /// Nodes that nobody has asked yet.
  private final class Spare: Sendable {
    private let places: Mutex<[Int]>

    init(_ places: [Int]) { self.places = Mutex(places) }

    func take() -> Int? { places.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
  }

  /// One look at every block. A node that fails is followed by another, which goes on where the
  /// answers were read to.
  private func search(
    _ range: ClosedRange<UInt32>, upTo end: BlockRef, among spare: Spare,
    _ onPage: @Sendable (ClosedRange<UInt32>) -> Void
  ) async throws(NodePoolError) -> Found {
    var progress = Progress(search: LogSearch(range))
    var failures: [NodeFailure] = []
    while let place = spare.take() {
      do throws(NodeError) {
        try await read(&progress, from: place, upTo: end, onPage)
        return progress.found
      } catch {
        failures.append(NodeFailure(node: place, error: error))
        if error == .rpc(.transport(.cancelled)) { break }
      }
    }
    throw .allFailed(failures)
  }

  /// What one look has brought, and where it goes on.
  private struct Progress {
    var search: LogSearch
    var found = Found()
  }

  /// While an answer is read, the next one is asked for.
  private func read(
    _ progress: inout Progress, from place: Int, upTo end: BlockRef,
    _ onPage: @Sendable (ClosedRange<UInt32>) -> Void
  ) async throws(NodeError) {
    let (node, start) = (pool.nodes[place], progress)
    // A node that lags has no logs of what it doesn't have, and doesn't say so (geth#24078).
    try await check(node, has: end)
    var (step, after) = try await next(progress.search, at: node).get()
    while step != .finished {
      let current = step
      async let reading = told(by: current)
      let following = await next(after, at: node)
      let told = try await reading.get()
      if told.isEmpty { try await check(node, has: end) }
      for (height, counts) in told.heights {
        progress.found.tellers[height, default: []].formUnion(counts ? [place] : [])
      }
      progress.search = after
      if case .page(let page) = current { onPage(page.range) }
      (step, after) = try following.get()
    }
    do throws(NodeError) {
      try await check(node, has: end)
    } catch {
      // What it answered may have lacked the last blocks.
      progress = start
      throw error
    }
  }

  private func check(_ node: EthereumNode, has end: BlockRef) async throws(NodeError) {
    guard try await node.isActive(end) else {
      throw .unusable("its chain lacks \(end.text(.ethereum))")
    }
  }

  private func next(
    _ search: LogSearch, at node: EthereumNode
  ) async -> Result<(LogStep, LogSearch), NodeError> {
    var search = search
    do throws(NodeError) {
      let step = try await node.logs(filter, searching: &search)
      return .success((step, search))
    } catch {
      return .failure(error)
    }
  }

  /// What an answer tells.
  private struct Told {
    /// Where to look, and whether a transfer is told there that isn't dust.
    var heights: [UInt32: Bool] = [:]
    /// Whether it is an answer without any log.
    var isEmpty = false
  }

  private func told(by step: LogStep) async -> Result<Told, NodeError> {
    switch step {
    case .finished: .success(Told())
    case .unanswerable(let height): .success(Told(heights: [height: false]))
    case .page(let page): told(by: page)
    }
  }

  private func told(by page: LogPage) -> Result<Told, NodeError> {
    let answer: ClaimedTransfer.Answer
    do throws(EthereumError) {
      answer = try ClaimedTransfer.all(in: page.logs.span.bytes, watching: accounts)
    } catch {
      return .failure(.unusable("its logs of blocks \(page.range): \(error)"))
    }
    var told = Told(isEmpty: answer.logCount == 0)
    for claimed in answer.transfers {
      // What leaves our addresses, and what isn't listed, is none that counts.
      guard accounts.watches(claimed.transfer.to),
        let token = spec.token(claimed.transfer.contract.hash)
      else { continue }
      guard let height = UInt32(exactly: claimed.blockNumber), page.range.contains(height) else {
        return .failure(
          .unusable("its logs of blocks \(page.range) have one of \(claimed.blockNumber)"))
      }
      let counts = claimed.transfer.value >= token.dustLimit && claimed.transfer.value > .zero
      told.heights[height] = counts || told.heights[height] ?? false
    }
    return .success(told)
  }
}
