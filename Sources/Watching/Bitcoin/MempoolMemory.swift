internal import Bitcoin
internal import Bytes

/// What earlier looks at mempools have found, so that each transaction is fetched once.
struct MempoolMemory {
  /// Transactions that were looked into, and those of them that concern us.
  private(set) var known: Set<Hash32> = []
  private(set) var matches: [Hash32: MatchedTransaction] = [:]
  /// Since when every look has lacked a transaction that we follow, by the monotonic clock.
  private var absentSince: [Hash32: Int64] = [:]

  mutating func remember(_ reading: MempoolReading) {
    known.formUnion(reading.looked)
    for match in reading.matches { matches[match.txid] = match }
  }

  /// Forgets what no mempool holds any more.
  mutating func forget(allBut present: Set<Hash32>) {
    known.formIntersection(present)
    matches = matches.filter { present.contains($0.key) }
  }

  /// Those of `absent`, which a look lacks now, that looks haven't lacked for `seconds` yet.
  mutating func recentlyLost(
    of absent: Set<Hash32>, nowMilliseconds now: Int64, for seconds: Int64
  ) -> Set<Hash32> {
    var since: [Hash32: Int64] = [:]
    for txid in absent { since[txid] = absentSince[txid] ?? now }
    absentSince = since
    return absent.filter { now - (since[$0] ?? now) < seconds * 1_000 }
  }
}
