internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import NodeRPC

// Transactions, outputs and the mempool.
extension NodeView {
  func rawTransaction(
    _ txid: Hash32, verbosity: Int, blockHash: Hash32?
  ) throws(RPCNodeError) -> JSONValue {
    let (known, home) = try find(txid, blockHash: blockHash)
    guard verbosity > 0 else { return .string(Hex.encode(known.transaction.bytes)) }
    var members: [JSONValue.Member] = []
    if blockHash != nil, let home {
      members.append(.init("in_active_chain", .bool(isActive(home))))
    }
    members += transactionMembers(known, withPrevouts: verbosity > 1)
      // `fee` comes with the previous outputs only.
      .filter { verbosity > 1 || $0.name != "fee" }
    if let home {
      members.append(.init("blockhash", .displayHash(home.hash)))
      if isActive(home) {
        members += [
          .init("confirmations", .integer(confirmations(of: home))),
          .init("time", .integer(home.header.time)),
          .init("blocktime", .integer(home.header.time)),
        ]
      } else {
        members.append(.init("confirmations", .integer(0)))
      }
    }
    return .object(members)
  }

  private func find(
    _ txid: Hash32, blockHash: Hash32?
  ) throws(RPCNodeError) -> (KnownTransaction, home: StoredBlock?) {
    if let blockHash {
      guard let block = try? block(blockHash) else {
        throw RPCNodeError(code: -5, message: "Block hash not found")
      }
      try requireData(of: block)
      guard let known = block.transactions.first(where: { $0.txid == txid }) else {
        throw unknown("No such transaction found in the provided block")
      }
      return (known, block)
    }
    if let entry = machine.mempool[txid] { return (entry.known, nil) }
    guard hasTransactionIndex else {
      throw unknown(
        "No such mempool transaction. Use -txindex or provide a block hash to enable "
          + "blockchain transaction queries")
    }
    guard let hash = machine.blockOfTransaction[txid], let block = try? block(hash),
      let known = block.transactions.first(where: { $0.txid == txid })
    else { throw unknown("No such mempool or blockchain transaction") }
    return (known, block)
  }

  private func unknown(_ what: String) -> RPCNodeError {
    RPCNodeError(code: -5, message: what + ". Use gettransaction for wallet transactions.")
  }

  /// `gettxout`: null for an output that is spent or was never there.
  func output(_ outpoint: Outpoint, includingMempool: Bool) -> JSONValue {
    var found: (output: TransactionOutput, confirmations: Int64, isCoinbase: Bool)?
    if let coin = machine.coin(outpoint) {
      let confirmations = Int64(machine.tip.height) - Int64(coin.height) + 1
      found = (coin.output, confirmations, coin.isCoinbase)
    } else if includingMempool, let output = machine.mempool.output(outpoint) {
      found = (output, 0, false)
    }
    if includingMempool, machine.mempool.spender(of: outpoint) != nil { found = nil }
    guard let found else { return .null }
    return .object([
      .init("bestblock", .displayHash(machine.tip.hash)),
      .init("confirmations", .integer(found.confirmations)),
      .init("value", .bitcoin(found.output.value)),
      .init("scriptPubKey", ScriptJSON.scriptPubKey(found.output.scriptPubKey)),
      .init("coinbase", .bool(found.isCoinbase)),
    ])
  }

  func spendingTransactions(of outpoints: [JSONValue]) throws(RPCNodeError) -> JSONValue {
    guard !outpoints.isEmpty else {
      throw RPCNodeError(code: -8, message: "Invalid parameter, outputs are missing")
    }
    var answers: [JSONValue] = []
    for json in outpoints {
      guard let text = json["txid"]?.string else {
        throw RPCNodeError(code: -3, message: "Missing txid")
      }
      let txid = try RPCArguments.hash(text, name: "txid")
      guard let vout = json["vout"]?.integer(UInt32.self) else {
        throw RPCNodeError(code: -8, message: "Invalid parameter, vout cannot be negative")
      }
      var members: [JSONValue.Member] = [
        .init("txid", .displayHash(txid)), .init("vout", .integer(vout)),
      ]
      if let spender = machine.mempool.spender(of: Outpoint(txid: txid, vout: vout)) {
        members.append(.init("spendingtxid", .displayHash(spender)))
      }
      answers.append(.object(members))
    }
    return .array(answers)
  }

  func rawMempool(verbose: Bool, withSequence: Bool) throws(RPCNodeError) -> JSONValue {
    guard !verbose || !withSequence else {
      throw RPCNodeError(
        code: -8, message: "Verbose results cannot contain mempool sequence values.")
    }
    let entries = interference.isMempoolLoading ? [] : machine.mempool.ordered
    guard !verbose else {
      return .object(entries.map { .init($0.known.txid.displayHex, mempoolEntry($0)) })
    }
    let txids = JSONValue.array(entries.map { .displayHash($0.known.txid) })
    guard withSequence else { return txids }
    return .object([
      .init("txids", txids), .init("mempool_sequence", .integer(machine.mempool.sequence)),
    ])
  }

  func mempoolEntry(_ txid: Hash32) throws(RPCNodeError) -> JSONValue {
    guard let entry = machine.mempool[txid] else {
      throw RPCNodeError(code: -5, message: "Transaction not in mempool")
    }
    return mempoolEntry(entry)
  }

  private func mempoolEntry(_ entry: MempoolEntry) -> JSONValue {
    let mempool = machine.mempool
    let txid = entry.known.txid
    let ancestors = mempool.ancestors(of: txid)
    let descendants = mempool.withDescendants(txid)
    func size(_ txids: some Sequence<Hash32>) -> Int {
      txids.reduce(0) { $0 + (mempool[$1]?.known.vsize ?? 0) }
    }
    func fees(_ txids: some Sequence<Hash32>) -> UInt64 {
      txids.reduce(0) { $0 + (mempool[$1]?.fee ?? 0) }
    }
    let parents = ancestors.filter { parent in
      entry.known.transaction.inputs.contains { $0.outpoint.txid == parent }
    }.sorted()
    let children = descendants.dropFirst().filter { child in
      mempool[child]?.known.transaction.inputs.contains { $0.outpoint.txid == txid } ?? false
    }
    let isReplaceable = entry.known.transaction.inputs.contains { $0.sequence < 0xffff_fffe }
    return .object([
      .init("vsize", .integer(entry.known.vsize)),
      .init("weight", .integer(entry.known.transaction.weight)),
      .init("time", .integer(entry.time)),
      .init("height", .integer(entry.height)),
      .init("descendantcount", .integer(descendants.count)),
      .init("descendantsize", .integer(size(descendants))),
      .init("ancestorcount", .integer(ancestors.count + 1)),
      .init("ancestorsize", .integer(size(ancestors) + entry.known.vsize)),
      .init("wtxid", .displayHash(entry.known.wtxid)),
      .init(
        "fees",
        .object([
          .init("base", .bitcoin(entry.fee)),
          .init("modified", .bitcoin(entry.fee)),
          .init("ancestor", .bitcoin(entry.fee + fees(ancestors))),
          .init("descendant", .bitcoin(fees(descendants))),
        ])),
      .init("depends", .array(parents.map { .displayHash($0) })),
      .init("spentby", .array(children.map { .displayHash($0) })),
      .init("bip125-replaceable", .bool(isReplaceable)),
      .init("unbroadcast", .bool(false)),
    ])
  }

  func mempoolInfo() -> JSONValue {
    let entries = machine.mempool.ordered
    let floor = JSONValue.bitcoin(ChainMachine.minimumFeeRate)
    return .object([
      .init("loaded", .bool(!interference.isMempoolLoading)),
      .init("size", .integer(entries.count)),
      .init("bytes", .integer(entries.reduce(0) { $0 + $1.known.vsize })),
      .init("usage", .integer(64)),
      .init("total_fee", .bitcoin(entries.reduce(0) { $0 + $1.fee })),
      .init("maxmempool", .integer(300_000_000)),
      .init("mempoolminfee", floor),
      .init("minrelaytxfee", floor),
      .init("incrementalrelayfee", floor),
      .init("unbroadcastcount", .integer(0)),
      .init("fullrbf", .bool(true)),
      .init("permitbaremultisig", .bool(true)),
      .init("maxdatacarriersize", .integer(100_000)),
      .init("limitclustercount", .integer(64)),
      .init("limitclustersize", .integer(101_000)),
    ])
  }

  func smartFee(withinBlocks blocks: Int) throws(RPCNodeError) -> JSONValue {
    guard (1...1008).contains(blocks) else {
      throw RPCNodeError(
        code: -8, message: "Invalid conf_target, must be between 1 and 1008")
    }
    guard let feeEstimate else {
      return .object([
        .init("errors", .array([.string("Insufficient data or no feerate found")])),
        .init("blocks", .integer(0)),
      ])
    }
    return .object([
      .init("feerate", .bitcoin(feeEstimate)), .init("blocks", .integer(max(blocks, 2))),
    ])
  }

  func networkInfo() -> JSONValue {
    let floor = JSONValue.bitcoin(ChainMachine.minimumFeeRate)
    return .object([
      .init("version", .integer(300_000)),
      .init("subversion", .string("/Satoshi:30.0.0(chainsim)/")),
      .init("protocolversion", .integer(70_016)),
      .init("localservices", .string("0000000000000409")),
      .init(
        "localservicesnames",
        .array([.string("NETWORK"), .string("WITNESS"), .string("NETWORK_LIMITED")])),
      .init("localrelay", .bool(true)),
      .init("timeoffset", .integer(0)),
      .init("networkactive", .bool(true)),
      .init("connections", .integer(0)),
      .init("connections_in", .integer(0)),
      .init("connections_out", .integer(0)),
      .init("networks", .array([])),
      .init("relayfee", floor),
      .init("incrementalfee", floor),
      .init("localaddresses", .array([])),
      .init("warnings", .array([])),
    ])
  }
}
