package import Addresses
package import Bytes
package import ChainTypes
internal import JSON
internal import Synchronization

/// What `eth_getProof` (EIP-1186) says of an account. Nothing is proved: the caller holds
/// `accountProof` against a state root.
package struct NodeAccountProof: Equatable, Sendable {
  package let address: EthereumAddress
  /// The trie's nodes from the root to the account, encoded.
  package let accountProof: [[UInt8]]
  /// Wei, as the node says.
  package let balance: UInt256
}

/// An answer about the state at a block.
package struct StateAnswer<Value: Sendable & Equatable>: Equatable, Sendable {
  package let value: Value
  /// Whether the node was told which block by its number alone, because it takes no hash
  /// (EIP-1898): what it answered may be another branch's.
  package let isByNumber: Bool

  package func map<Other>(_ change: (Value) -> Other) -> StateAnswer<Other> {
    StateAnswer<Other>(value: change(value), isByNumber: isByNumber)
  }
}

extension EthereumNode {
  /// Accounts in one request. A proof has at most 64 nodes of half a kilobyte each.
  private static let proofBatchCount = 50
  private static let proofBytes = 1 << 17

  /// `eth_getProof` without storage for each of the addresses, in their order, at the state after
  /// `block`. The error is `pruned` where the node no longer has that state, or offers no
  /// such answers.
  package func proofs(
    of addresses: [EthereumAddress], at block: BlockRef
  ) async throws(NodeError) -> StateAnswer<[NodeAccountProof]> {
    let (results, isByNumber) = try await askState(
      "eth_getProof", addresses.map { [.address($0), .array([])] }, at: block,
      maximumCount: Self.proofBatchCount, answerBytes: Self.proofBytes)
    var proofs: [NodeAccountProof] = []
    proofs.reserveCapacity(results.count)
    for (address, result) in zip(addresses, results) {
      proofs.append(
        try Self.value(of: result, "eth_getProof") { json in
          guard json["address"]?.address == address, let balance = json["balance"]?.quantity256,
            let elements = json["accountProof"]?.elements
          else { return nil }
          let nodes = elements.compactMap(\.data)
          guard nodes.count == elements.count else { return nil }
          return NodeAccountProof(address: address, accountProof: nodes, balance: balance)
        })
    }
    return StateAnswer(value: proofs, isByNumber: isByNumber)
  }

  /// `eth_getBalance` of each of the addresses, in wei, at the state after `block`.
  package func balances(
    of addresses: [EthereumAddress], at block: BlockRef
  ) async throws(NodeError) -> StateAnswer<[UInt256]> {
    let (results, isByNumber) = try await askState(
      "eth_getBalance", addresses.map { [.address($0)] }, at: block,
      maximumCount: JSONRPCClient.maximumBatchCount, answerBytes: 1_024)
    var balances: [UInt256] = []
    balances.reserveCapacity(results.count)
    for result in results {
      balances.append(try Self.value(of: result, "eth_getBalance", \.quantity256))
    }
    return StateAnswer(value: balances, isByNumber: isByNumber)
  }

  /// `eth_call` of each contract with its input, at the state after `block`: what they return, nil
  /// for one that reverts. An address without code returns nothing at all.
  package func call(
    _ calls: [ContractCall], at block: BlockRef
  ) async throws(NodeError) -> StateAnswer<[[UInt8]?]> {
    let parameters = calls.map { call -> [JSONValue] in
      [.object([.init("to", .address(call.to)), .init("data", .data(call.input))])]
    }
    let (results, isByNumber) = try await askState(
      "eth_call", parameters, at: block, maximumCount: Self.proofBatchCount,
      answerBytes: Self.proofBytes, absentWhere: \.saysExecutionReverted)
    var outputs: [[UInt8]?] = []
    outputs.reserveCapacity(results.count)
    for result in results {
      guard let result else {
        outputs.append(nil)
        continue
      }
      let output = try Self.value(of: result, "eth_call", \.data)
      outputs.append(output)
    }
    return StateAnswer(value: outputs, isByNumber: isByNumber)
  }
}

/// A call that changes nothing.
package struct ContractCall: Equatable, Sendable {
  package let to: EthereumAddress
  package let input: [UInt8]

  package init(to: EthereumAddress, input: [UInt8]) {
    self.to = to
    self.input = input
  }
}

// Which block is meant.
extension EthereumNode {
  private func askState(
    _ method: String, _ parameters: [[JSONValue]], at block: BlockRef, maximumCount: Int,
    answerBytes: Int
  ) async throws(NodeError) -> (results: [RPCResult], isByNumber: Bool) {
    let (results, isByNumber) = try await askState(
      method, parameters, at: block, maximumCount: maximumCount, answerBytes: answerBytes,
      absentWhere: { _ in false })
    return (results.compactMap { $0 }, isByNumber)
  }

  /// Each call with the block behind its parameters: by hash, and by number where the node refuses
  /// hashes, which is remembered. An error that `isAbsent` names is no result, and no failure.
  private func askState(
    _ method: String, _ parameters: [[JSONValue]], at block: BlockRef, maximumCount: Int,
    answerBytes: Int, absentWhere isAbsent: (RPCNodeError) -> Bool
  ) async throws(NodeError) -> (results: [RPCResult?], isByNumber: Bool) {
    let knownRefusal = learned.withLock { $0.refusesBlockHashes }
    var isByNumber = knownRefusal
    while true {
      let place: JSONValue =
        isByNumber
        ? .string(Self.quantity(block.height))
        : .object([.init("blockHash", .hash32(block.hash))])
      let outcomes: [Result<RPCResult, RPCNodeError>]
      do throws(NodeError) {
        outcomes = try await batch(
          parameters.map { RPCCall(method, $0 + [place]) }, maximumCount: maximumCount,
          maximumBytes: JSONRPCClient.smallAnswerBytes
            + min(parameters.count, maximumCount) * answerBytes)
      } catch .rpc(.unauthorized(status: 403)) {
        // A proxy that lets other methods pass.
        throw .pruned(block.hash)
      } catch {
        throw error
      }
      var results: [RPCResult?] = []
      results.reserveCapacity(outcomes.count)
      var isRefused = false
      for outcome in outcomes {
        switch outcome {
        case .success(let result): results.append(result)
        case .failure(let error) where isAbsent(error): results.append(nil)
        case .failure(let error) where !isByNumber && error.saysBlockHashIsRefused:
          isRefused = true
        case .failure(let error): throw Self.stateError(error, at: block)
        }
      }
      guard isRefused else {
        if isByNumber != knownRefusal { learned.withLock { $0.refusesBlockHashes = true } }
        return (results, isByNumber)
      }
      isByNumber = true
    }
  }

  private static func stateError(_ error: RPCNodeError, at block: BlockRef) -> NodeError {
    if error.saysStateIsGone || error.saysMethodIsAbsent { return .pruned(block.hash) }
    if error.saysBlockIsUnknown { return .unknownBlock(block.hash) }
    return .rpc(.node(error))
  }
}

extension RPCNodeError {
  /// A node that wants a number or tag can't read an object in its place.
  fileprivate var saysBlockHashIsRefused: Bool {
    // reth tells of states that are gone under the same code.
    guard !saysStateIsGone, !saysBlockIsUnknown else { return false }
    return code == Code.invalidParams
      || says("cannot unmarshal", "invalid argument", "invalid params", "invalid type")
  }

  fileprivate var saysExecutionReverted: Bool {
    code == Code.executionReverted || says("execution reverted", "vm execution error")
  }
}
