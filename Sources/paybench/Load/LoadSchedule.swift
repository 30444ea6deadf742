internal import Bytes
internal import Foundation

/// Which request is due when. The moments are random and apart from each other (a Poisson process),
/// as those of clients are who don't know of each other; the seed makes them the same each time.
struct LoadSchedule: Sendable {
  /// Something that is asked.
  struct Endpoint: Sendable {
    /// Its method and path, as the API's description has them.
    let name: String
    /// How much of all requests it is, beside the others' shares.
    let share: Int
    /// Of its answers.
    let status: Int
    /// Whether its answers are streams, which take their connections for the rest of the run.
    var isStream = false
    /// Sent in turns; of what may be asked once only there must be as many as dues.
    var requests = ByteRun()
  }

  struct Due: Sendable {
    /// After the beginning.
    let nanoseconds: Int64
    /// By its place.
    let endpoint: Int
    /// How many of that endpoint's were due before.
    let request: Int
  }

  var endpoints: [Endpoint]
  /// By their time.
  let dues: [Due]

  /// - Parameter rate: requests a second, of all endpoints together
  init(_ endpoints: [Endpoint], rate: Double, seconds: Double, seed: UInt64) {
    self.endpoints = endpoints
    var random = SplitMix64(seed: seed)
    let shares = endpoints.map(\.share)
    let total = shares.reduce(0, +)
    var counts = [Int](repeating: 0, count: endpoints.count)
    var dues: [Due] = []
    dues.reserveCapacity(Int(rate * seconds * 1.1))
    var time = 0.0
    while true {
      // The time to the next one is exponentially distributed.
      time += -log(1 - Self.unit(random.next())) / rate
      guard time < seconds, total > 0 else { break }
      var place = Int(random.next() % UInt64(total))
      var endpoint = 0
      while place >= shares[endpoint] {
        place -= shares[endpoint]
        endpoint += 1
      }
      dues.append(
        Due(nanoseconds: Int64(time * 1e9), endpoint: endpoint, request: counts[endpoint]))
      counts[endpoint] += 1
    }
    self.dues = dues
  }

  /// From 0 up to, and without, 1.
  private static func unit(_ word: UInt64) -> Double { Double(word >> 11) * 0x1p-53 }

  /// How often the endpoint is due.
  func count(of endpoint: Int) -> Int { dues.count { $0.endpoint == endpoint } }
}
