import ChainSim
import ChainTracking
import ChainTypes
import Database
import Foundation
import Payments
import Settlement
import Simulation
import Synchronization
import TestSupport
import Testing
import Watching

@Suite("Snapshots of watched addresses")
struct WatchSnapshotTests {
  private let directory: TemporaryDirectory
  private let key: (UInt64, UInt64) = (5, 6)

  init() throws { directory = try TemporaryDirectory() }

  private var place: String { directory.path("addresses") }
  private var file: String { place + "/bitcoin-regtest.addresses" }

  /// Of `scene`'s watcher, as a process of its database keeps them.
  private func snapshots(of scene: Scene) -> WatchSnapshots {
    let spec = scene.world.settings.spec
    return WatchSnapshots(
      directory: place, chain: spec.name,
      records: WatchSnapshotRecords(database: scene.world.database, family: spec.family))
  }

  /// A world that has a snapshot of its addresses.
  private func savedScene(ready: Int = 20) async throws -> Scene {
    let scene = try await Scene { $0.ready = ready }
    try await snapshots(of: scene).save(scene.world.process.watcher.watchedAddresses)
    return scene
  }

  private func mode(_ path: String) throws -> Int {
    try #require(
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test("what was added since is read besides, and the set is the same as that of all rows")
  func olderSnapshot() async throws {
    let scene = try await savedScene()
    let early = try await scene.request()
    let watched = await scene.world.process.watcher.watchedAddresses.count
    for order in 2...5 { _ = try await scene.request(order: "\(order)") }
    try await scene.world.fill()

    try await scene.world.restart()
    let fresh = scene.world.process.watcher
    try await fresh.learnAddresses()
    let all = await fresh.watchedAddresses
    #expect(all.count > watched)

    try await scene.world.restart()
    let watcher = scene.world.process.watcher
    let loaded = try #require(try await snapshots(of: scene).load(key: key))
    #expect(loaded.set.count == watched)
    await watcher.watch(loaded)
    // Reads the rest only.
    let report = try await scene.world.step()
    #expect(report.addresses == all.count - watched)
    let addresses = await watcher.watchedAddresses
    #expect(addresses.parts == all.parts)
    #expect(addresses.through == all.through)
    // Both kinds are found on the chain.
    let late = try await scene.request(order: "late")
    for payment in [early, late] { try scene.node.pay(scene.script(payment), value: 150_000) }
    try await scene.world.stepUntilQuiet()
    for payment in [early, late] { #expect(try await scene.status(payment) == .processing) }
    // A set that has addresses already keeps them.
    await watcher.watch(loaded)
    #expect(await watcher.watchedAddresses.count == all.count)
    try await scene.world.close()
  }

  @Test("one byte that is another, anywhere, and it isn't believed")
  func flippedBytes() async throws {
    let scene = try await savedScene(ready: 4)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: file)))
    let snapshots = snapshots(of: scene)
    #expect(try await snapshots.load(key: key) != nil)
    for place in whole.indices {
      for bit: UInt8 in [1, 0x80] {
        var bytes = whole
        bytes[place] ^= bit
        try Data(bytes).write(to: URL(filePath: file))
        await #expect(throws: WatchSnapshot.Refusal.self, "\(place)") {
          _ = try await snapshots.load(key: key)
        }
      }
    }
    try await scene.world.close()
  }

  @Test("cut anywhere, or with more behind it, it isn't believed")
  func cut() async throws {
    let scene = try await savedScene(ready: 4)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: file)))
    let snapshots = snapshots(of: scene)
    let others = whole.indices.map { Array(whole[..<$0]) } + [whole + [0], whole + whole]
    for bytes in others {
      try Data(bytes).write(to: URL(filePath: file))
      await #expect(throws: WatchSnapshot.Refusal.self, "\(bytes.count)") {
        _ = try await snapshots.load(key: key)
      }
    }
    try FileManager.default.removeItem(atPath: file)
    #expect(try await snapshots.load(key: key) == nil)
    try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
    await #expect(throws: WatchSnapshot.Refusal.notASnapshot) {
      _ = try await snapshots.load(key: key)
    }
    try await scene.world.close()
  }

  @Test("a database that hasn't recorded it refuses it, even with the same addresses")
  func otherDatabase() async throws {
    let scene = try await savedScene()
    let other = try await Scene { $0.ready = 20 }
    #expect(
      await other.world.process.watcher.watchedAddresses.parts
        == scene.world.process.watcher.watchedAddresses.parts)
    await #expect(throws: WatchSnapshot.Refusal.unknown) {
      _ = try await snapshots(of: other).load(key: key)
    }
    // A record alone doesn't do, where the last address isn't there any more.
    let through = await scene.world.process.watcher.watchedAddresses.through
    try await scene.world.database.write { connection in
      let removed = try connection.execute(
        "DELETE FROM addresses WHERE ordinal = $1", [.integer(Int64(through))])
      #expect(removed == 1)
    }
    await #expect(throws: WatchSnapshot.Refusal.unknown) {
      _ = try await snapshots(of: scene).load(key: key)
    }
    try await other.world.close()
    try await scene.world.close()
  }

  @Test("a whole one takes the last one's place, is its owner's alone, and one process writes it")
  func writing() async throws {
    let scene = try await savedScene(ready: 4)
    #expect(try mode(place) == 0o700)
    #expect(try mode(file) == 0o600)
    // What a process that died left behind, readable by all.
    let unfinished = file + ".unfinished"
    try Data("half of a long snapshot, of which nothing may remain".utf8)
      .write(to: URL(filePath: unfinished))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: unfinished)
    for order in 1...3 { _ = try await scene.request(order: "\(order)") }
    try await scene.world.fill()
    let watcher = scene.world.process.watcher
    try await watcher.learnAddresses()
    let addresses = await watcher.watchedAddresses
    try await snapshots(of: scene).save(addresses)
    #expect(try mode(file) == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: place).count == 1)
    #expect(try await snapshots(of: scene).load(key: key)?.through == addresses.through)

    let handle = try #require(
      FileHandle(forWritingAtPath: directory.write("addresses/" + "lock", "")))
    try FileManager.default.moveItem(atPath: directory.path("addresses/lock"), toPath: unfinished)
    #expect(flock(handle.fileDescriptor, LOCK_EX) == 0)
    await #expect(throws: WatchSnapshot.Refusal.busy) {
      try await snapshots(of: scene).save(addresses)
    }
    try handle.close()
    try await snapshots(of: scene).save(addresses)
    try await scene.world.close()
  }

  @Test("where the database can't record it, the last one stays")
  func unrecorded() async throws {
    let scene = try await savedScene(ready: 4)
    let before = try Data(contentsOf: URL(filePath: file))
    for order in 1...3 { _ = try await scene.request(order: "\(order)") }
    try await scene.world.fill()
    try await scene.world.process.watcher.learnAddresses()
    scene.world.killSwitch.arm(.beforeCommit)
    await #expect(throws: (any Error).self) {
      try await snapshots(of: scene).save(scene.world.process.watcher.watchedAddresses)
    }
    #expect(try Data(contentsOf: URL(filePath: file)) == before)
    #expect(try await snapshots(of: scene).load(key: key) != nil)
    try await scene.world.close()
  }

  @Test("it is written once there is enough, then after growth, and at the end for less")
  func keeping() async throws {
    let scene = try await Scene { $0.ready = 4 }
    let told = Mutex<[String]>([])
    func keeping(_ leastGrowth: Int) -> SnapshotKeeping {
      SnapshotKeeping(
        snapshots(of: scene), of: scene.world.process.watcher, leastGrowth: leastGrowth
      ) { news in
        told.withLock { told in
          switch news {
          case .loaded(let addresses): told.append("loaded \(addresses)")
          case .refused(let error): told.append("refused \(error)")
          case .saved(let addresses): told.append("saved \(addresses)")
          case .notSaved(let error): told.append("not saved \(error)")
          }
        }
      }
    }
    func taken() -> [String] {
      told.withLock { told in
        defer { told = [] }
        return told
      }
    }
    let count = await scene.world.process.watcher.watchedAddresses.count
    let first = keeping(count)
    await first.load(key: key)
    #expect(taken() == [])
    await keeping(count + 1).save()
    await keeping(count + 1).save(isLast: true)
    #expect(taken() == [])
    await first.save()
    #expect(taken() == ["saved \(count)"])
    await first.save()
    await first.save(isLast: true)
    #expect(taken() == [])
    // Fewer than would be written for at once, and enough at the end.
    for order in 1...3 { _ = try await scene.request(order: "\(order)") }
    try await scene.world.fill()
    try await scene.world.process.watcher.learnAddresses()
    await first.save()
    #expect(taken() == [])
    await first.save(isLast: true)
    #expect(taken() == ["saved \(count + 3)"])

    try await scene.world.restart()
    let second = keeping(1)
    await second.load(key: key)
    #expect(taken() == ["loaded \(count + 3)"])
    #expect(await scene.world.process.watcher.watchedAddresses.count == count + 3)
    await second.save(isLast: true)
    #expect(taken() == [])
    try Data("paywatch, but no snapshot".utf8).write(to: URL(filePath: file))
    try await scene.world.restart()
    await keeping(1).load(key: key)
    #expect(taken() == ["refused the file is none"])
    #expect(try await scene.world.step().addresses == count + 3)
    // A failure isn't repeated before there is more to write.
    try FileManager.default.removeItem(atPath: place)
    try Data().write(to: URL(filePath: place))
    let third = keeping(1)
    await third.save()
    await third.save()
    let failures = taken()
    #expect(failures.count == 1 && failures[0].hasPrefix("not saved it can't be written"))
    try await scene.world.close()
  }
}
