package import Bytes
internal import JSON
internal import Synchronization

/// Something about a node that an operator should know and that isn't an error.
package enum NodeNote: Equatable, Sendable {
  /// The node runs a release that gets no security fixes any more.
  case unsupportedVersion(Int, subversion: String)
  case initialBlockDownload
  /// The node has no block data below this height.
  case prunedBelow(UInt32)
}

extension BitcoinNode {
  /// The oldest version that still gets fixes: Bitcoin Core 30, as `getnetworkinfo` counts.
  private static let oldestSupportedVersion = 300_000
  private static let pollMilliseconds = 1_000
  private static let waitMethod = "waitfornewblock"

  /// What to tell the operator about this node (`getnetworkinfo`, `getblockchaininfo`).
  package func notes() async throws(NodeError) -> [NodeNote] {
    var notes: [NodeNote] = []
    let (version, subversion) = try await value("getnetworkinfo") {
      json -> (Int, String)? in
      guard let version = json["version"]?.integer(Int.self) else { return nil }
      return (version, AnswerParser.excerpt((json["subversion"]?.string ?? "").utf8))
    }
    if version < Self.oldestSupportedVersion {
      notes.append(.unsupportedVersion(version, subversion: subversion))
    }
    let info = try await chainInfo()
    if info.initialBlockDownload { notes.append(.initialBlockDownload) }
    if let height = info.pruneHeight { notes.append(.prunedBelow(height)) }
    return notes
  }

  /// Waits until the node's tip isn't `current`, at most `timeoutMilliseconds`, and gives its tip
  /// then: `current` itself where nothing came.
  ///
  /// It asks `waitfornewblock` (with `current_tip`, Bitcoin Core 30), so a block that came before
  /// the call isn't missed; a node without that is polled.
  package func waitForNewBlock(
    current: Hash32, timeoutMilliseconds: Int
  ) async throws(NodeError) -> Hash32 {
    guard !absentMethods.withLock({ $0.contains(Self.waitMethod) }) else {
      return try await pollForNewBlock(
        current: current, timeoutMilliseconds: timeoutMilliseconds)
    }
    do throws(NodeError) {
      // Zero would wait for ever.
      let wait = max(1, timeoutMilliseconds)
      return try await value(
        Self.waitMethod, [.integer(wait), .displayHash(current)],
        timeoutMilliseconds: wait &+ timeouts.questionMilliseconds
      ) { $0["hash"]?.displayHash }
    } catch {
      guard Self.saysMethodIsAbsent(error) else { throw error }
    }
    _ = absentMethods.withLock { $0.insert(Self.waitMethod) }
    return try await pollForNewBlock(current: current, timeoutMilliseconds: timeoutMilliseconds)
  }

  private func pollForNewBlock(
    current: Hash32, timeoutMilliseconds: Int
  ) async throws(NodeError) -> Hash32 {
    var remaining = timeoutMilliseconds
    while true {
      let tip = try await bestBlockHash()
      guard tip == current, remaining > 0 else { return tip }
      let pause = min(remaining, Self.pollMilliseconds)
      do {
        try await clock.sleep(milliseconds: pause)
      } catch {
        throw .rpc(.transport(.cancelled))
      }
      remaining -= pause
    }
  }

  /// Not there at all, without `current_tip` (the help text comes as −1), or not whitelisted.
  private static func saysMethodIsAbsent(_ error: NodeError) -> Bool {
    switch error {
    case .rpc(.node(let error)):
      error.code == RPCNodeError.Code.methodNotFound || error.code == RPCNodeError.Code.misc
        || error.code == RPCNodeError.Code.invalidParameter
    case .rpc(.unauthorized(status: 403)): true
    default: false
    }
  }
}
