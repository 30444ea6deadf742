internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import Foundation
internal import Glibc

/// What several benchmarks work on, made when the first one asks.
final class Materials {
  let settings: Settings

  let peers: Peers

  init(_ settings: Settings) {
    self.settings = settings
    peers = Peers(settings.peers, seconds: 0.5 * settings.scale)
  }

  /// 1.38 MB of mainnet's taproot era: 2,500 transactions, most with witnesses.
  private(set) lazy var block = Result { try bytes(ofBlock: "mainnet-702861.raw") }

  /// A block of the vectors.
  func bytes(ofBlock name: String) throws -> [UInt8] {
    let file = settings.vectors.appending(path: "blocks/\(name)")
    do {
      return [UInt8](try Data(contentsOf: file))
    } catch {
      throw BenchmarkFailure("\(file.path) can't be read; see --vectors")
    }
  }

  /// The large watch set. What it takes of the process's memory is measured while it is built.
  private(set) lazy var watched: LargeWatchSet = {
    Progress.note("making a watch set of \(settings.scripts) scripts")
    return LargeWatchSet(count: settings.scripts)
  }()
}

struct LargeWatchSet {
  let set: WatchSet
  let source = ScriptSource(seed: 1)
  /// Of all scripts together.
  let scriptBytes: Int
  /// By which the process grew.
  let growth: Int

  init(count: Int) {
    let before = ProcessMemory.residentBytes
    var random = SystemRandomNumberGenerator()
    var set = WatchSet(key: (random.next(), random.next()))
    var scriptBytes = 0
    for index in 0..<count {
      let script = source.script(index)
      set.insert(script: script, ordinal: UInt64(index + 1))
      scriptBytes += script.count
    }
    self.set = set
    self.scriptBytes = scriptBytes
    growth = ProcessMemory.residentBytes - before
  }
}

enum ProcessMemory {
  /// Of this process, in bytes; 0 where the system doesn't say.
  static var residentBytes: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The most that this process has held so far (`VmHWM`).
  static var mostResidentBytes: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
        Int($0)
      })
    else { return 0 }
    return kibibytes << 10
  }
}

struct BenchmarkFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// Of a system call that has just failed.
  static func call(_ name: String) -> BenchmarkFailure {
    BenchmarkFailure("\(name): \(String(cString: strerror(errno)))")
  }
}
