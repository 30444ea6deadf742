internal import Bytes
package import ChainTypes
internal import JSON

/// An unspent output as a node's UTXO set has it.
package struct NodeCoin: Hashable, Sendable {
  package let outpoint: Outpoint
  package let scriptPubKey: [UInt8]
  package let satoshi: UInt64
  /// Of the block that made it.
  package let height: UInt32
}

/// What a node's UTXO set had for some scripts, all of it at one tip.
package struct CoinScan: Hashable, Sendable {
  package let tip: BlockRef
  /// A set: nodes list them in orders of their own.
  package let coins: Set<NodeCoin>
}

extension BitcoinNode {
  /// So many scripts fit one request, and what they usually have one answer.
  package static let coinScanLimit = 20_000
  /// A scan reads the whole UTXO set: minutes on the main chain, more from a slow disk.
  private static let scanMilliseconds = 1_800_000
  /// A node makes one scan at a time: how long another's is waited for, and how often.
  private static let busyMilliseconds = 5_000
  private static let busyAttempts = 240

  /// `scantxoutset`: every unspent output of these scripts in the active chain, without the
  /// mempool. While another scan runs it waits.
  ///
  /// - Parameter scripts: at most `coinScanLimit`
  package func coins(paying scripts: [[UInt8]]) async throws(NodeError) -> CoinScan {
    precondition(scripts.count <= Self.coinScanLimit, "the caller asks in parts")
    let objects = JSONValue.array(scripts.map { .string("raw(\(Hex.encode($0)))") })
    var attempt = 1
    while true {
      do throws(NodeError) {
        let result = try await ask(
          "scantxoutset", [.string("start"), objects],
          timeoutMilliseconds: Self.scanMilliseconds, maximumBytes: JSONRPCClient.bulkAnswerBytes)
        return try Self.value(of: result, "scantxoutset", Self.scan)
      } catch .rpc(.node(let error)) where Self.saysScanIsRunning(error) {
        guard attempt < Self.busyAttempts else { throw .rpc(.node(error)) }
      } catch {
        throw error
      }
      attempt += 1
      do {
        try await clock.sleep(milliseconds: Self.busyMilliseconds)
      } catch {
        throw .rpc(.transport(.cancelled))
      }
    }
  }

  private static func saysScanIsRunning(_ error: RPCNodeError) -> Bool {
    error.code == RPCNodeError.Code.invalidParameter && error.says("scan already in progress")
  }

  private static func scan(_ json: JSONValue) -> CoinScan? {
    guard json["success"]?.flag == true, let height = json["height"]?.integer(UInt32.self),
      let hash = json["bestblock"]?.displayHash, let elements = json["unspents"]?.elements
    else { return nil }
    let coins = elements.compactMap(coin)
    guard coins.count == elements.count, Set(coins.map(\.outpoint)).count == coins.count else {
      return nil
    }
    return CoinScan(tip: BlockRef(height: height, hash: hash), coins: Set(coins))
  }

  private static func coin(_ json: JSONValue) -> NodeCoin? {
    guard let txid = json["txid"]?.displayHash, let vout = json["vout"]?.integer(UInt32.self),
      let digits = json["scriptPubKey"]?.string, let script = try? Hex.decode(digits),
      case .number(let amount)? = json["amount"], let satoshi = satoshi(fromDecimalBitcoin: amount),
      let height = json["height"]?.integer(UInt32.self)
    else { return nil }
    return NodeCoin(
      outpoint: Outpoint(txid: txid, vout: vout), scriptPubKey: script, satoshi: satoshi,
      height: height)
  }
}
