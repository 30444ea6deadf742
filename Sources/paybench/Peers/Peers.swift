internal import Foundation
internal import LocalServers

/// Libraries of Python's that do our works in processes of their own, timed there:
/// `deploy/bench/peers.py`, with what `deploy/bench/setup.sh` installed.
final class Peers {
  /// Where the works are, and the Python that has the libraries.
  struct Place {
    let script: URL
    /// Nil: the one on the PATH.
    let python: URL?
  }

  private let place: Place
  /// How long a peer works in a round.
  let seconds: Double
  private var scratch: ScratchDirectory?
  private var running: [PeerProcess] = []

  init(_ place: Place, seconds: Double) {
    (self.place, self.seconds) = (place, seconds)
  }

  /// A library at a work of the script's, on the same input as we have.
  ///
  /// - Parameters:
  ///   - check: what the first unit of work must give, so that it's known to be the same work
  ///   - figure: of the seconds that a unit takes
  func reference(
    _ name: String, work: String, input: [UInt8], check: String?, goal: Goal? = nil,
    figure: @escaping (Double) -> Double
  ) throws -> Contest.Reference {
    let scratch = try self.scratch ?? ScratchDirectory()
    self.scratch = scratch
    guard FileManager.default.isReadableFile(atPath: place.script.path) else {
      throw BenchmarkFailure("\(place.script.path) can't be read; see --peers")
    }
    let file = URL(filePath: scratch.path).appending(path: "\(work)-\(running.count)")
    try Data(input).write(to: file)
    let process = PeerProcess(
      python: place.python, arguments: [place.script.path, work, file.path])
    switch try process.start() {
    case .absent(let reason):
      Progress.note("\(name) is absent: \(reason)")
      return Contest.Reference(name: name, goal: goal, run: nil)
    case .check(let result):
      guard check.map({ $0 == result }) ?? true else {
        throw BenchmarkFailure("\(name) makes \(result) of what is \(check ?? "") here")
      }
    }
    running.append(process)
    let seconds = seconds
    return Contest.Reference(name: name, goal: goal) { figure(try process.work(seconds: seconds)) }
  }

  /// Ends those of a suite.
  func close() {
    for process in running { process.close() }
    running = []
    scratch = nil
  }
}
