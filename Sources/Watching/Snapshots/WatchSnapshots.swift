package import ChainTracking
package import ChainTypes
internal import Dispatch
internal import Glibc

/// The snapshots that a family's database has recorded.
package protocol SnapshotRecords: Sendable {
  /// Whether it was made of this database's addresses, of which none has changed since.
  func isRecorded(_ snapshot: WatchSnapshot) async throws -> Bool

  /// Records it. The addresses that it was made of are committed.
  func record(_ snapshot: WatchSnapshot) async throws
}

/// What a watcher watches, apart from how it finds it: costs nothing to make.
package struct WatchedAddresses: Sendable {
  package let count: Int
  /// The last ordinal.
  package let through: UInt64
  package let parts: [[UInt8]]

  package init(_ set: WatchSet, through: UInt64) {
    count = set.count
    self.through = through
    parts = set.parts
  }
}

/// Where one watcher's snapshot is kept. What waits for the disk does so on a thread of its own.
package struct WatchSnapshots: Sendable {
  private let directory: String
  private let path: String
  private let records: any SnapshotRecords

  /// - Parameter directory: is made where it isn't there, for its owner alone
  package init(directory: String, chain: ChainName, records: any SnapshotRecords) {
    self.directory = directory
    path = "\(directory)/\(chain).addresses"
    self.records = records
  }

  /// A set with the addresses up to an ordinal.
  package struct Loaded: Sendable {
    package let set: WatchSet
    package let through: UInt64

    package init(set: WatchSet, through: UInt64) {
      self.set = set
      self.through = through
    }
  }

  /// The set under a key of its own; nil where there is no snapshot. Throws a
  /// `WatchSnapshot.Refusal` where there is one that can't be believed.
  package func load(key: (UInt64, UInt64)) async throws -> Loaded? {
    let path = path
    let found = try await Self.waiting {
      try SnapshotFile.reading(path).map { try ($0, $0.snapshot()) }
    }
    guard let (file, snapshot) = found else { return nil }
    guard try await records.isRecorded(snapshot) else { throw WatchSnapshot.Refusal.unknown }
    let set = try await Self.waiting { try file.set(of: snapshot, key: key) }
    return Loaded(set: set, through: snapshot.through)
  }

  /// Writes a snapshot in the place of the last one. It counts once the database has recorded it,
  /// and comes into its place after that: there is a whole one at every moment.
  package func save(_ addresses: WatchedAddresses) async throws {
    guard UInt64(addresses.count) == addresses.through else {
      throw WatchSnapshot.Refusal.incomplete(
        addresses: addresses.count, through: addresses.through)
    }
    let (directory, path, unfinished) = (directory, path, "\(path).unfinished")
    // Locked for as long as it is kept.
    let (file, snapshot) = try await Self.waiting {
      mkdir(directory, 0o700)
      let file = try SnapshotFile.writing(unfinished)
      return try (file, file.write(addresses.parts, through: addresses.through))
    }
    try await records.record(snapshot)
    try await Self.waiting {
      try withExtendedLifetime(file) {
        try SnapshotFile.publish(unfinished, as: path, in: directory)
      }
    }
  }

  private static func waiting<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}
