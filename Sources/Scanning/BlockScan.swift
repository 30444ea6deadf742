package import Addresses
package import Bitcoin
package import Bytes
internal import ChainTracking
internal import ChainTypes

/// A transfer to a watched script.
package struct ScannedTransfer: Hashable, Sendable {
  /// The block's hash, internal byte order.
  package let block: Hash32
  /// Internal byte order.
  package let txid: Hash32
  package let vout: UInt32
  /// Nil where no address stands for the script.
  package let address: BitcoinAddress?
  package let scriptPubKey: [UInt8]
  /// Satoshi.
  package let value: UInt64
}

/// What a scan has gone through.
package struct ScanTotals: Hashable, Sendable {
  package var blocks = 0
  package var transactions = 0
  package var bytes = 0
  package var transfers = 0
  /// Satoshi. Blocks that don't belong to one chain may hold more than there is.
  package var value: UInt128 = 0
  /// Blocks that were refused and files that couldn't be read.
  package var refused = 0

  package init() {}
}

/// Runs blocks without their chain through the watcher's verification and matching.
package struct BlockScan {
  package let list: WatchList
  package private(set) var totals = ScanTotals()

  package init(watching list: WatchList) { self.list = list }

  /// The transfers of a block, in its order. A refused block counts as such and gives none.
  package mutating func scan(_ block: RawSpan) throws(BlockError) -> [ScannedTransfer] {
    let scanned: ScannedBlock
    do {
      scanned = try BlockScanner.scan(
        block, expecting: nil, network: list.network,
        verification: BlockVerification(ofLooseBlock: block, network: list.network),
        watching: WatchedScripts(scripts: list.scripts))
    } catch {
      totals.refused += 1
      throw error
    }
    let transfers = scanned.matches.flatMap { match in
      match.outputs.map { output in
        ScannedTransfer(
          block: scanned.hash, txid: match.txid, vout: output.vout,
          address: BitcoinAddress(
            scriptPubKey: output.scriptPubKey.span.bytes, network: list.network),
          scriptPubKey: output.scriptPubKey, value: output.value)
      }
    }
    totals.blocks += 1
    totals.transactions += scanned.transactionCount
    totals.bytes += scanned.byteCount
    totals.transfers += transfers.count
    totals.value += transfers.reduce(0) { $0 + UInt128($1.value) }
    return transfers
  }

  /// Counts a file, or a part of one, that holds no block.
  package mutating func noteUnreadable() { totals.refused += 1 }
}

/// Outputs to watched scripts; no spends.
private struct WatchedScripts: OutputWatching {
  let scripts: WatchSet

  func watches(spending outpoint: Outpoint) -> Bool { false }

  var watchesInputs: Bool { false }
}
