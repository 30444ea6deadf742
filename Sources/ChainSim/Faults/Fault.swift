internal import NodeRPC

/// Something that goes wrong at a node: on demand, for some methods, a number of times.
package struct Fault: Hashable, Sendable {
  package var kind: Kind
  /// The method it befalls; nil for all.
  package var method: String?
  /// How many calls it still befalls (requests, where a whole request fails); nil until it is
  /// taken away.
  package var remaining: Int?

  package init(_ kind: Kind, method: String? = nil, count: Int? = nil) {
    self.kind = kind
    self.method = method
    self.remaining = count
  }

  package enum Kind: Hashable, Sendable {
    // The whole request.

    /// The answer comes only after this long, by the node's injected clock.
    case slow(milliseconds: Int)
    /// An HTTP status with plain text, such as 503 "Work queue depth exceeded".
    case httpStatus(Int, text: String)
    /// 401 with an empty body, as after the node wrote itself a new cookie.
    case unauthorized
    /// No answer: the connection ends.
    case connectionDropped
    case body(BodyDamage)
    case batch(BatchDamage)

    // One call.

    /// The node's own error.
    case error(code: Int, message: String)
    /// Code −28.
    case warmingUp
    /// The node has no data of blocks below this height, and says so in `getblockchaininfo`.
    case prunedBelow(height: UInt32)
    /// `getblock` with verbosity 0 answers with something else than the block.
    case wrongBlock(BlockForgery)
    /// `getblockheader` answers with a header whose merkle root is another.
    case forgedHeader
    /// `getblockhash` answers with other hashes, from this height on.
    case wrongHashes(HashForgery, from: UInt32)
    /// The node's tip is a block that follows the true one but for its work: its hash misses its
    /// target. All answers agree on it.
    case unprovenTip
    /// The node answers as if its tip were this many blocks lower.
    case laggingTip(blocks: UInt32)
    /// The node is still reading its mempool from disk: it lists nothing, and says so in
    /// `getmempoolinfo`.
    case mempoolLoading
    /// Of an EVM node alone.
    case ethereum(EthereumFault)
  }

  package enum HashForgery: Hashable, Sendable, CaseIterable {
    /// Hashes of no block.
    case unknown
    /// The active chain's, from genesis again.
    case old
    /// Of blocks outside the active chain, where there are any at that height.
    case stale
  }

  package enum BodyDamage: Hashable, Sendable {
    case empty
    /// Bytes that aren't JSON.
    case garbage
    /// Only the first half.
    case truncated
    /// White space up to this many bytes follows.
    case oversized(byteCount: Int)
  }

  package enum BatchDamage: Hashable, Sendable {
    case reversed
    /// The last this many answers are missing.
    case incomplete(missing: Int)
  }
}

/// The faults in force at a node, and how they are used up.
struct FaultBoard: Sendable {
  private var faults: [(id: UInt64, fault: Fault)] = []
  private var nextID: UInt64 = 1

  /// What befalls one request.
  struct Interference: Sendable {
    var delayMilliseconds = 0
    var httpStatus: (status: Int, text: String)?
    var isUnauthorized = false
    var isDropped = false
    var bodyDamage: [Fault.BodyDamage] = []
    var batchDamage: [Fault.BatchDamage] = []
    /// For each call in order.
    var calls: [CallInterference] = []
  }

  /// What befalls one call.
  struct CallInterference: Sendable {
    var error: RPCNodeError?
    var lag: UInt32 = 0
    var prunedBelow: UInt32?
    var forgery: BlockForgery?
    var forgesHeader = false
    var hashForgery: (kind: Fault.HashForgery, from: UInt32)?
    var hasUnprovenTip = false
    var isMempoolLoading = false
    var ethereum: [EthereumFault] = []
  }

  mutating func inject(_ fault: Fault) -> UInt64 {
    defer { nextID += 1 }
    faults.append((nextID, fault))
    return nextID
  }

  mutating func remove(_ id: UInt64) { faults.removeAll { $0.id == id } }

  mutating func removeAll() { faults = [] }

  /// What befalls a request that calls `methods`; counts go down.
  mutating func take(for methods: [String]) -> Interference {
    var result = Interference()
    result.calls = Array(repeating: CallInterference(), count: methods.count)
    for index in faults.indices {
      let fault = faults[index].fault
      let hits = methods.indices.filter { index in
        (fault.method ?? methods[index]) == methods[index] && fault.kind.fits(methods[index])
      }
      guard !hits.isEmpty || (methods.isEmpty && fault.method == nil) else { continue }
      if !result.applyToRequest(fault.kind) {
        let affected = hits.prefix(fault.remaining ?? hits.count)
        for hit in affected { result.calls[hit].apply(fault.kind) }
        if let remaining = fault.remaining {
          faults[index].fault.remaining = remaining - affected.count
        }
      } else if let remaining = fault.remaining {
        faults[index].fault.remaining = remaining - 1
      }
    }
    faults.removeAll { $0.fault.remaining.map { $0 <= 0 } ?? false }
    return result
  }
}

extension FaultBoard.Interference {
  /// Whether the fault is one of whole requests.
  fileprivate mutating func applyToRequest(_ kind: Fault.Kind) -> Bool {
    switch kind {
    case .slow(let milliseconds): delayMilliseconds = max(delayMilliseconds, milliseconds)
    case .httpStatus(let status, let text): httpStatus = (status, text)
    case .unauthorized: isUnauthorized = true
    case .connectionDropped: isDropped = true
    case .body(let damage): bodyDamage.append(damage)
    case .batch(let damage): batchDamage.append(damage)
    case .error, .warmingUp, .prunedBelow, .wrongBlock, .forgedHeader, .wrongHashes, .laggingTip,
      .unprovenTip, .mempoolLoading, .ethereum:
      return false
    }
    return true
  }
}

extension FaultBoard.CallInterference {
  fileprivate mutating func apply(_ kind: Fault.Kind) {
    switch kind {
    case .error(let code, let message): error = RPCNodeError(code: code, message: message)
    case .warmingUp: error = RPCNodeError(code: -28, message: "Loading block index…")
    case .prunedBelow(let height): prunedBelow = height
    case .wrongBlock(let forgery): self.forgery = forgery
    case .forgedHeader: forgesHeader = true
    case .wrongHashes(let kind, let height): hashForgery = (kind, height)
    case .unprovenTip: hasUnprovenTip = true
    case .laggingTip(let blocks): lag = max(lag, blocks)
    case .mempoolLoading: isMempoolLoading = true
    case .ethereum(let fault): ethereum.append(fault)
    case .slow, .httpStatus, .unauthorized, .connectionDropped, .body, .batch: break
    }
  }
}

extension Fault.Kind {
  /// Whether it can befall a call of that method: others don't use it up.
  fileprivate func fits(_ method: String) -> Bool {
    guard case .ethereum(let fault) = self else { return true }
    return fault.methods?.contains(method) ?? true
  }
}
