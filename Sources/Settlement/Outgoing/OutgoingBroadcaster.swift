package import ChainTypes
package import Database
package import NodeRPC
internal import Payments

/// Gives signed transactions to nodes, again and again until a block holds them: bytes are stored
/// before they are sent, so that whoever dies in between has lost nothing and pays nothing twice.
package struct OutgoingBroadcaster: Sendable {
  let chain: ChainName
  let database: any Database
  let send: Send
  /// What was sent and stands in no block is sent again after so long.
  private static let resendSeconds: Int64 = 60

  /// Gives a transaction to a node.
  package typealias Send = @Sendable (_ raw: [UInt8]) async throws -> Answer

  package enum Answer: Sendable, Equatable {
    /// A node has it now, or had it.
    case taken
    /// No node took it, with the words of the last.
    case refused(String)
  }

  package init(chain: ChainName, database: any Database, send: @escaping Send) {
    self.chain = chain
    self.database = database
    self.send = send
  }

  package init(chain: ChainName, database: any Database, pool: NodePool) {
    self.init(chain: chain, database: database) { raw in
      do throws(NodePoolError) {
        _ = try await pool.serve { (node) async throws(NodeError) in try await node.send(raw) }
        return .taken
      } catch {
        return Self.answer(error)
      }
    }
  }

  package init(chain: ChainName, database: any Database, pool: EthereumPool) {
    self.init(chain: chain, database: database) { raw in
      do throws(NodePoolError) {
        _ = try await pool.serve { (node) async throws(NodeError) in try await node.send(raw) }
        return .taken
      } catch {
        return Self.answer(error)
      }
    }
  }

  /// A node that has the very transaction refuses it. That its outputs are in the UTXO set, or its
  /// nonce is used, may be another transaction's doing: the blocks tell.
  private static func answer(_ error: NodePoolError) -> Answer {
    guard case .allFailed(let failures) = error else { return .refused("\(error)") }
    for failure in failures {
      if case .transactionRefused(.alreadyKnown, _) = failure.error { return .taken }
    }
    return .refused(failures.last.map { "\($0.error)" } ?? "no node may serve")
  }

  /// What one round did.
  package struct Report: Sendable, Equatable {
    package var sent = 0
    package var refused = 0
    /// Why nodes didn't take some, by the transactions' ids.
    package var notes: [String: String] = [:]

    package init() {}
  }

  /// Sends what waits, up to `limit` transactions.
  package func step(now: Timestamp, limit: Int = 50) async throws -> Report {
    let before = now.adding(seconds: -Self.resendSeconds)
    let waiting = try await database.read {
      try OutgoingService.unsent(on: chain, before: before, limit: limit, in: $0)
    }
    var report = Report()
    var failure: (any Error)?
    for transaction in waiting {
      do {
        switch try await send(transaction, now: now) {
        case .taken: report.sent += 1
        case .refused(let note):
          report.refused += 1
          report.notes[transaction.id] = note
        }
      } catch {
        // One that can't be sent holds up none of the others.
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return report
  }

  private func send(_ transaction: OutgoingTransaction, now: Timestamp) async throws -> Answer {
    guard let raw = transaction.raw else { return .refused("it isn't signed") }
    let obstacle = try await database.read {
      try OutgoingService.obstacle(to: transaction, in: $0)
    }
    let answer: Answer =
      if let obstacle { .refused("not sent: " + obstacle) } else { try await send(raw) }
    try await database.write { connection in
      switch answer {
      case .taken: try OutgoingService.sent(transaction.id, now: now, in: connection)
      case .refused(let note):
        try OutgoingService.refused(transaction.id, note: note, now: now, in: connection)
      }
    }
    return answer
  }
}
