package import Bytes
package import ChainTypes
internal import JSON

extension BitcoinNode {
  /// A transaction that nodes relay has at most 400,000 bytes, so 50 of them as hexadecimal stay
  /// below the transport's bound.
  private static let transactionBatchCount = 50

  /// `getmempoolinfo`: whether the node has read its mempool from disk since it started. Until then
  /// it lists only a part.
  package func hasLoadedMempool() async throws(NodeError) -> Bool {
    try await value("getmempoolinfo") { $0["loaded"]?.flag }
  }

  /// `getrawmempool`: the txids in the mempool.
  package func mempool() async throws(NodeError) -> [Hash32] {
    let result = try await ask("getrawmempool", isBulk: true)
    var txids: [Hash32] = []
    var isSound = true
    try Self.reading { () throws(RPCError) in
      try result.reading { (reader) throws(JSONError) in
        // A full mempool lists hundreds of thousands: from bytes to hashes, without a tree.
        try reader.readArray { (reader) throws(JSONError) in
          if let txid = result.displayHash(of: try reader.readStringToken()) {
            txids.append(txid)
          } else {
            isSound = false
          }
        }
      }
    }
    guard isSound else { throw .rpc(result.malformed("not what getrawmempool answers")) }
    return txids
  }

  /// `getrawtransaction` in batches, in the order of `txids`: the mempool's transactions as bytes
  /// (BIP-0144); nil for one that has left it meanwhile. A node with `txindex` finds those in
  /// blocks too.
  package func transactions(_ txids: [Hash32]) async throws(NodeError) -> [[UInt8]?] {
    let calls = txids.map { RPCCall("getrawtransaction", [.displayHash($0), .integer(0)]) }
    var transactions: [[UInt8]?] = []
    transactions.reserveCapacity(txids.count)
    for outcome in try await batch(
      calls, maximumCount: Self.transactionBatchCount, isBulk: true)
    {
      guard let result = try Self.known(outcome) else {
        transactions.append(nil)
        continue
      }
      transactions.append(try Self.reading { () throws(RPCError) in try result.hexBytes() })
    }
    return transactions
  }

  /// `gettxspendingprevout` (Bitcoin Core 24): for each outpoint, in their order, the mempool's
  /// transaction that spends it, or nil.
  package func spendingTransaction(
    of outpoints: [Outpoint]
  ) async throws(NodeError) -> [Hash32?] {
    guard !outpoints.isEmpty else { return [] }
    let parameter = JSONValue.array(
      outpoints.map {
        .object([.init("txid", .displayHash($0.txid)), .init("vout", .integer($0.vout))])
      })
    return try await value("gettxspendingprevout", [parameter]) { json in
      guard let elements = json.elements, elements.count == outpoints.count else { return nil }
      var spenders: [Hash32?] = []
      for (outpoint, element) in zip(outpoints, elements) {
        guard element["txid"]?.displayHash == outpoint.txid,
          element["vout"]?.integer(UInt32.self) == outpoint.vout
        else { return nil }
        switch element["spendingtxid"] {
        case nil, .null?: spenders.append(nil)
        case let value?:
          guard let spender = value.displayHash else { return nil }
          spenders.append(spender)
        }
      }
      return spenders
    }
  }

  /// `sendrawtransaction`: the txid the node took it under, or `transactionRefused`.
  package func send(_ transaction: [UInt8]) async throws(NodeError) -> Hash32 {
    do throws(NodeError) {
      let result = try await ask("sendrawtransaction", [.string(Hex.encode(transaction))])
      return try Self.reading { () throws(RPCError) in try result.displayHash() }
    } catch .rpc(.node(let error)) {
      switch error.code {
      case RPCNodeError.Code.verifyError:
        throw .transactionRefused(.inputsOrBounds, message: error.message)
      case RPCNodeError.Code.verifyRejected:
        throw .transactionRefused(.rejected, message: error.message)
      case RPCNodeError.Code.alreadyInUTXOSet:
        throw .transactionRefused(.alreadyInUTXOSet, message: error.message)
      default: throw .rpc(.node(error))
      }
    } catch {
      throw error
    }
  }

  /// `estimatesmartfee`: satoshi for 1,000 virtual bytes to be in one of the next `blocks` blocks,
  /// or nil where the node can't say yet.
  package func estimateFee(withinBlocks blocks: UInt16) async throws(NodeError) -> UInt64? {
    try await value("estimatesmartfee", [.integer(blocks)]) { json -> UInt64?? in
      switch json["feerate"] {
      case nil, .null?: .some(nil)
      case .number(let text)?: Self.satoshi(fromDecimalBitcoin: text).map { .some($0) }
      default: nil
      }
    }
  }

  /// The exact satoshi of a decimal text with at most 8 decimals, such as `0.00001000`; nil for
  /// anything else. Amounts never pass through floating point.
  static func satoshi(fromDecimalBitcoin text: String) -> UInt64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, !whole.isEmpty else { return nil }
    let fraction = parts.count == 2 ? parts[1] : "0"
    let isDigits = (whole + fraction).utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDigits, (1...8).contains(fraction.utf8.count), let coins = UInt64(whole),
      let rest = UInt64(fraction + String(repeating: "0", count: 8 - fraction.utf8.count))
    else { return nil }
    let (scaled, overflow) = coins.multipliedReportingOverflow(by: 100_000_000)
    let (sum, carry) = scaled.addingReportingOverflow(rest)
    return overflow || carry ? nil : sum
  }
}
