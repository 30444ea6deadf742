internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import NodeRPC

/// A node's state as one call sees it, with the faults that befall the call.
struct NodeView {
  let machine: ChainMachine
  let interference: FaultBoard.CallInterference
  /// The tip that a fault puts on the machine's.
  let unproven: StoredBlock?
  /// Whether transactions in blocks are found without their block's hash.
  let hasTransactionIndex: Bool
  /// Satoshi for 1,000 virtual bytes that `estimatesmartfee` answers.
  let feeEstimate: UInt64?

  /// The tip, or the block below it at which the node lags.
  var tip: StoredBlock {
    if let unproven { return unproven }
    let height = machine.tip.height
    return machine.block(at: height - min(interference.lag, height)) ?? machine.tip
  }

  /// Nil above the tip.
  func block(at height: UInt32) -> StoredBlock? {
    if let unproven, unproven.height == height { return unproven }
    return height <= tip.height ? machine.block(at: height) : nil
  }

  /// A block the node knows, stale ones too.
  func block(_ hash: Hash32) throws(RPCNodeError) -> StoredBlock {
    if let unproven, unproven.hash == hash { return unproven }
    guard let block = machine.block(hash), block.height <= tip.height || !machine.isActive(block)
    else { throw RPCNodeError(code: -5, message: "Block not found") }
    return block
  }

  func isActive(_ block: StoredBlock) -> Bool {
    block.hash == unproven?.hash || (block.height <= tip.height && machine.isActive(block))
  }

  /// −1 for a block outside the active chain.
  func confirmations(of block: StoredBlock) -> Int64 {
    isActive(block) ? Int64(tip.height) - Int64(block.height) + 1 : -1
  }

  func requireData(of block: StoredBlock) throws(RPCNodeError) {
    if let height = interference.prunedBelow, block.height < height {
      throw RPCNodeError(code: -1, message: "Block not available (pruned data)")
    }
  }
}

// The chain.
extension NodeView {
  func chainInfo() -> JSONValue {
    let tip = tip
    var members: [JSONValue.Member] = [
      .init("chain", .string(BitcoinNetwork.regtest.coreName)),
      .init("blocks", .integer(tip.height)),
      .init("headers", .integer(tip.height)),
      .init("bestblockhash", .displayHash(tip.hash)),
    ]
    members += Self.difficultyMembers(tip.header)
    members += [
      .init("time", .integer(tip.header.time)),
      .init("mediantime", .integer(tip.medianTime)),
      .init("verificationprogress", .integer(1)),
      .init("initialblockdownload", .bool(false)),
      .init("chainwork", .string(Hex.encode(tip.chainWork.bigEndianBytes))),
      .init("size_on_disk", .integer(0)),
      .init("pruned", .bool(interference.prunedBelow != nil)),
    ]
    if let height = interference.prunedBelow {
      members.append(.init("pruneheight", .integer(height)))
      members.append(.init("automatic_pruning", .bool(false)))
    }
    members.append(.init("warnings", .array([])))
    return .object(members)
  }

  func blockHash(at height: Int64) throws(RPCNodeError) -> JSONValue {
    guard let height = UInt32(exactly: height), let block = block(at: height) else {
      throw RPCNodeError(code: -8, message: "Block height out of range")
    }
    return .displayHash(forged(block))
  }

  private func forged(_ block: StoredBlock) -> Hash32 {
    guard let (kind, start) = interference.hashForgery, block.height >= start else {
      return block.hash
    }
    switch kind {
    case .unknown:
      var hash = block.hash
      hash.words.0 ^= 1
      return hash
    case .old: return machine.block(at: block.height - start)?.hash ?? block.hash
    case .stale:
      let others = machine.entries.values.map(\.block)
        .filter { $0.height == block.height && $0.hash != block.hash }
      return others.map(\.hash).min() ?? block.hash
    }
  }

  func header(_ hash: Hash32, verbose: Bool) throws(RPCNodeError) -> JSONValue {
    let block = try block(hash)
    var header = block.header
    if interference.forgesHeader { header.merkleRoot.words.0 ^= 1 }
    guard verbose else { return .string(Hex.encode(header.bytes)) }
    return .object(headerMembers(of: block, header: header))
  }

  func block(_ hash: Hash32, verbosity: Int) throws(RPCNodeError) -> JSONValue {
    let stored = try block(hash)
    try requireData(of: stored)
    guard verbosity > 0 else {
      let parent = machine.block(stored.header.previousBlockHash)
      let bytes = interference.forgery?.bytes(of: stored, parent: parent) ?? stored.bytes
      return .string(Hex.encode(bytes))
    }
    let block = stored.block
    let size = block.bytes.count
    let stripped = (block.weight - size) / 3
    let transactions = stored.transactions.map { known -> JSONValue in
      verbosity == 1
        ? .displayHash(known.txid) : .object(transactionMembers(known, withPrevouts: verbosity > 2))
    }
    return .object(
      headerMembers(of: stored, header: stored.header) + [
        .init("strippedsize", .integer(stripped)),
        .init("size", .integer(size)),
        .init("weight", .integer(block.weight)),
        .init("tx", .array(transactions)),
      ])
  }

  private func headerMembers(of block: StoredBlock, header: BlockHeader) -> [JSONValue.Member] {
    let versionBytes = withUnsafeBytes(of: header.version.bigEndian) { Array($0) }
    var members: [JSONValue.Member] = [
      .init("hash", .displayHash(block.hash)),
      .init("confirmations", .integer(confirmations(of: block))),
      .init("height", .integer(block.height)),
      .init("version", .integer(header.version)),
      .init("versionHex", .string(Hex.encode(versionBytes))),
      .init("merkleroot", .displayHash(header.merkleRoot)),
      .init("time", .integer(header.time)),
      .init("mediantime", .integer(block.medianTime)),
      .init("nonce", .integer(header.nonce)),
    ]
    members += Self.difficultyMembers(header)
    members += [
      .init("chainwork", .string(Hex.encode(block.chainWork.bigEndianBytes))),
      .init("nTx", .integer(block.transactions.count)),
    ]
    if block.height > 0 {
      members.append(.init("previousblockhash", .displayHash(header.previousBlockHash)))
    }
    if isActive(block), let next = self.block(at: block.height + 1) {
      members.append(.init("nextblockhash", .displayHash(next.hash)))
    }
    return members
  }

  private static func difficultyMembers(_ header: BlockHeader) -> [JSONValue.Member] {
    let target = (try? CompactTarget(header.bits).target) ?? .zero
    let bits = withUnsafeBytes(of: header.bits.bigEndian) { Array($0) }
    return [
      .init("bits", .string(Hex.encode(bits))),
      .init("target", .string(Hex.encode(target.bigEndianBytes))),
      // Every block of regtest has the same: the limit's mantissa against that of difficulty 1.
      .init("difficulty", .number("4.656542373906925e-10")),
    ]
  }

  func chainTips() -> JSONValue {
    let parents = Set(machine.entries.values.map(\.block.header.previousBlockHash))
    let tips = machine.entries.values
      .filter { !parents.contains($0.block.hash) || $0.block.hash == machine.tip.hash }
      .sorted { a, b in
        a.block.height != b.block.height
          ? a.block.height > b.block.height : a.block.hash < b.block.hash
      }
    return .array(
      tips.map { entry in
        let status =
          if entry.block.hash == machine.tip.hash {
            "active"
          } else if entry.isInvalid {
            "invalid"
          } else {
            entry.wasConnected ? "valid-fork" : "valid-headers"
          }
        return .object([
          .init("height", .integer(entry.block.height)),
          .init("hash", .displayHash(entry.block.hash)),
          .init("branchlen", .integer(branchLength(of: entry.block))),
          .init("status", .string(status)),
        ])
      })
  }

  private func branchLength(of block: StoredBlock) -> UInt32 {
    var cursor = block
    while !machine.isActive(cursor), let parent = machine.block(cursor.header.previousBlockHash) {
      cursor = parent
    }
    return block.height - cursor.height
  }
}
