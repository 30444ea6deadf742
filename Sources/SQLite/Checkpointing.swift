internal import Foundation
internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// Moves the write-ahead log into the database (a checkpoint) beside the writer.
///
/// Its pages lie anywhere in the file, so that takes the disk many times as long as their commits
/// did: a commit that also had to do it would keep all others waiting. So a connection of its own
/// copies what there is while the writer goes on. The log begins anew only once all of it is
/// copied, though, which needs a moment without commits: after each round the writer copies the
/// little that has come meanwhile.
final class Checkpointing: Sendable {
  private enum Phase {
    case idle
    case copying
    /// All but what was committed meanwhile is copied.
    case copied
  }

  private let connection: DatabaseQueue
  private let queue = DispatchQueue(label: "sqlite.checkpoint")
  private let phase = Mutex(Phase.idle)
  /// From how many pages of log on it is moved.
  private let pages: Int

  /// How many times as long the log may become before the writer moves it by itself.
  private static let patience = 4

  /// - Parameter pages: above 0
  init(path: String, pages: Int) throws {
    var configuration = Configuration()
    configuration.label = "sqlite.checkpoint"
    connection = try DatabaseQueue(path: path, configuration: configuration)
    self.pages = pages
  }

  /// Has SQLite tell of each commit of the writer's connection how long the log is.
  func follow(_ writer: OpaquePointer?) {
    // The engine closes the connection before it lets go of this.
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_wal_hook(
      writer,
      { context, writer, _, pages in
        guard let context else { return SQLITE_OK }
        Unmanaged<Checkpointing>.fromOpaque(context).takeUnretainedValue()
          .committed(by: writer, logPages: Int(pages))
        return SQLITE_OK
      }, context)
  }

  /// On the writer's thread, after its transaction.
  private func committed(by writer: OpaquePointer?, logPages: Int) {
    guard logPages >= pages else { return }
    let (begins, ends) = phase.withLock { phase in
      switch phase {
      case .idle:
        phase = .copying
        return (true, false)
      case .copying: return (false, logPages >= Self.patience * pages)
      case .copied:
        phase = .idle
        return (false, true)
      }
    }
    if ends { Self.copy(by: writer) }
    if begins {
      queue.async { [self] in
        // Where it fails, the writer finds as much.
        connection.inDatabase { Self.copy(by: $0.sqliteConnection) }
        phase.withLock { $0 = .copied }
      }
    }
  }

  /// As much as readers allow. What fails is left for the next time: the log has it.
  private static func copy(by connection: OpaquePointer?) {
    sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
  }

  /// Waits for a round that is under way. Blocks the thread.
  func close() throws {
    try queue.sync { try connection.close() }
  }
}
