internal import Bytes
internal import JSON
internal import Synchronization

// Asking, and what the many kinds of nodes mean by their errors.
extension EthereumNode {
  /// A call whose error the caller reads.
  func outcome(
    _ call: RPCCall, isBulk: Bool = false, maximumBytes: Int? = nil
  ) async throws(NodeError) -> Result<RPCResult, RPCNodeError> {
    do throws(NodeError) {
      return .success(
        try await ask(call.method, call.parameters, isBulk: isBulk, maximumBytes: maximumBytes))
    } catch .rpc(.node(let error)) {
      return .failure(error)
    } catch {
      throw error
    }
  }

  /// Nil where the node doesn't have the method, which is remembered; and where a proxy before it
  /// lets only other methods pass, which isn't: its key may have been refused for all.
  func askIfPresent(
    _ method: String, _ parameters: [JSONValue] = [], isBulk: Bool = false,
    maximumBytes: Int? = nil
  ) async throws(NodeError) -> RPCResult? {
    guard !learned.withLock({ $0.absentMethods.contains(method) }) else { return nil }
    do throws(NodeError) {
      return try await ask(method, parameters, isBulk: isBulk, maximumBytes: maximumBytes)
    } catch .rpc(.node(let error)) where error.saysMethodIsAbsent {
      _ = learned.withLock { $0.absentMethods.insert(method) }
      return nil
    } catch .rpc(.unauthorized(status: 403)) {
      return nil
    } catch {
      throw error
    }
  }

  /// The result, nil where the node says that it doesn't know the block; `pruned` where it has
  /// thrown it away.
  static func known(
    _ outcome: Result<RPCResult, RPCNodeError>, asking hash: Hash32?
  ) throws(NodeError) -> RPCResult? {
    switch outcome {
    case .success(let result): return result
    case .failure(let error) where error.saysHistoryIsPruned:
      throw hash.map { .pruned($0) } ?? .rpc(.node(error))
    case .failure(let error) where error.saysBlockIsUnknown: return nil
    case .failure(let error): throw .rpc(.node(error))
    }
  }
}

extension RPCNodeError {
  /// geth, reth: −32601; EIP-1474: −32004; providers: −32600 or −32000 with "Unsupported method",
  /// "method … is not available on your plan" and the like.
  var saysMethodIsAbsent: Bool {
    switch code {
    case Code.methodNotFound, Code.methodNotSupported: true
    default:
      says("method")
        && says(
          "not found", "not available", "not supported", "unsupported", "not exist", "disabled",
          "not allowed", "not whitelisted")
    }
  }

  /// Most nodes answer null; others −32000, −32001 or −39001 with a text.
  var saysBlockIsUnknown: Bool {
    code == Code.unknownBlock
      || says("block not found", "header not found", "unknown block", "header for hash not found")
      || says("block") && says("cannot find", "could not be found", "does not exist")
  }

  /// EIP-4444's code; "pruned history unavailable" of geth.
  var saysHistoryIsPruned: Bool { code == Code.prunedHistory || says("pruned") }

  /// The state of an old block is gone, as full nodes keep only that of the last ones.
  var saysStateIsGone: Bool {
    says(
      "missing trie node", "state unavailable", "state not available", "state is not available",
      "state is pruned", "historical state", "proof window", "world state unavailable",
      "no state available", "pruned")
  }
}
