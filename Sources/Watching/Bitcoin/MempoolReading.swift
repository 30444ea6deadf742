internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import NodeRPC

/// What one node's mempool held while the node stood at our tip.
struct MempoolReading: Sendable {
  /// All that it listed, but for what had left it when it was fetched.
  fileprivate(set) var present: Set<Hash32>
  /// What was looked into now, and what of that concerns us.
  private(set) var looked: [Hash32] = []
  private(set) var matches: [MatchedTransaction] = []
  /// Whether nothing that it lists is left to be looked into.
  fileprivate(set) var isWhole = false
  /// Whether the node still stood at our tip in the end. Where not, what vanished may have been
  /// mined, and nothing follows from what isn't there.
  fileprivate(set) var isAtTip = false
}

/// A look at one node's mempool.
///
/// Transactions are known by their txids whoever gave them, so what was looked into once is never
/// fetched again, from this node or another. Batches end early, with what they brought, once they
/// have taken too long.
struct MempoolQuestion: Sendable {
  let tip: Hash32
  let known: Set<Hash32>
  let watched: WatchedOutputs
  /// How many transactions are fetched at most, and until when.
  let limit: Int
  let end: Timestamp
  let time: any TimeSource

  /// How many transactions one request asks for.
  private static let batchSize = 50

  /// Throws where the node isn't at our tip, hasn't loaded its mempool, or contradicts itself.
  func ask(_ node: BitcoinNode) async throws(NodeError) -> MempoolReading {
    guard try await node.bestBlockHash() == tip else { throw .unknownBlock(tip) }
    guard try await node.hasLoadedMempool() else {
      throw .rpc(.warmingUp("its mempool isn't loaded yet"))
    }
    let listed = try await node.mempool()
    var reading = MempoolReading(present: Set(listed))
    let gone = try await lookInto(listed.filter { !known.contains($0) }, at: node, &reading)
    if !gone.isEmpty {
      let again = Set(try await node.mempool())
      if let missing = gone.first(where: again.contains) {
        throw Self.contradiction("lists a transaction that it hasn't", missing)
      }
      reading.present.subtract(gone)
    }
    reading.isAtTip = try await node.bestBlockHash() == tip
    return reading
  }

  /// Fetches and scans `new`; gives those that the node no longer has.
  private func lookInto(
    _ new: [Hash32], at node: BitcoinNode, _ reading: inout MempoolReading
  ) async throws(NodeError) -> [Hash32] {
    var gone: [Hash32] = []
    var start = 0
    while start < min(new.count, limit), start == 0 || time.now < end {
      let txids = Array(new[start..<min(start + Self.batchSize, new.count, limit)])
      let transactions: [[UInt8]?]
      do {
        transactions = try await node.transactions(txids)
      } catch {
        // What was fetched before is kept; a node that gives nothing at all is left for another.
        guard start > 0 else { throw error }
        return gone
      }
      for (txid, bytes) in zip(txids, transactions) {
        if let bytes {
          try reading.take(txid, bytes, watched)
        } else {
          gone.append(txid)
        }
      }
      start += txids.count
    }
    reading.isWhole = start >= new.count
    return gone
  }

  fileprivate static func contradiction(_ what: String, _ txid: Hash32) -> NodeError {
    .rpc(.malformed(what, excerpt: txid.displayHex))
  }
}

extension MempoolReading {
  fileprivate mutating func take(
    _ txid: Hash32, _ bytes: [UInt8], _ watched: WatchedOutputs
  ) throws(NodeError) {
    guard let scanned = try? TransactionScanner.scan(bytes.span.bytes, watching: watched),
      scanned.txid == txid
    else { throw MempoolQuestion.contradiction("gives another transaction than asked for", txid) }
    looked.append(txid)
    if let match = scanned.match, !match.isCoinbase { matches.append(match) }
  }
}
