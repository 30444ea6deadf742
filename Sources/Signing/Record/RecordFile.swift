internal import Glibc
internal import JSON

/// The record of what was signed, on disk beside its policy. One process at a time has it.
package final class RecordFile: Sendable {
  private let path: String
  private let lock: Int32

  package enum Failure: Error, Equatable, Sendable {
    /// Another process signs by this record right now.
    case inUse
    case cannotLock(code: Int32)
    /// The file isn't one that this program wrote: its totals can't be told.
    case damaged(path: String)
    /// More was signed in `SigningRecord.keptDays` than a record holds.
    case full
    case file(WholeFile.Failure)
  }

  /// - Parameter locking: takes the record's lock, a file beside it that is never replaced, and
  ///   keeps it for as long as the object lives: for who signs
  package init(_ policy: SigningPolicy, locking: Bool = true) throws(Failure) {
    path = policy.recordPath
    guard locking else {
      lock = -1
      return
    }
    lock = open(path + ".lock", O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw .cannotLock(code: errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(lock)
      throw code == EWOULDBLOCK ? .inUse : .cannotLock(code: code)
    }
  }

  deinit { if lock >= 0 { close(lock) } }

  /// What was signed; nothing where there is no file yet.
  package func read() throws(Failure) -> SigningRecord {
    guard WholeFile.exists(path) else { return SigningRecord() }
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.read(path, limit: SigningRecord.maximumFileBytes)
    } catch {
      throw .file(error)
    }
    guard let record = try? SigningRecord(parsing: bytes) else { throw .damaged(path: path) }
    return record
  }

  /// Keeps what is about to be signed. It is safe on disk before any signature leaves, so that
  /// after a crash too much is counted rather than too little.
  package func write(_ record: SigningRecord) throws(Failure) {
    guard record.entries.count <= SigningRecord.maximumEntries else { throw .full }
    do {
      try WholeFile.replace(path, record.json.bytes)
    } catch {
      throw .file(error)
    }
  }
}

extension RecordFile.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse: "another process signs by this record now"
    case .cannotLock(let code): "the record can't be locked: \(String(cString: strerror(code)))"
    case .damaged(let path):
      "\(path) isn't a record of what was signed, so that the day's totals can't be told: restore "
        + "it; without it they start from zero"
    case .full: "the record of what was signed is full"
    case .file(let failure): failure.description
    }
  }
}
