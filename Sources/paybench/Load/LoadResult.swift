/// How a load was answered.
struct LoadResult: Sendable {
  let requests: Int
  /// From the first request to the last answer.
  let seconds: Double
  /// From each request to the end of its answer, in nanoseconds, ascending.
  private let latencies: [Int64]

  init(seconds: Double, latencies: [Int64]) {
    requests = latencies.count
    self.seconds = seconds
    self.latencies = latencies.sorted()
  }

  var perSecond: Double { Double(requests) / seconds }

  /// The latency that `share` of the requests didn't exceed, in milliseconds (nearest rank).
  func milliseconds(at share: Double) -> Double {
    guard !latencies.isEmpty else { return 0 }
    let rank = Int((share * Double(latencies.count)).rounded(.up))
    return Double(latencies[min(max(rank, 1), latencies.count) - 1]) / 1e6
  }

  /// Requests a second, median and 99th percentile in milliseconds.
  var figures: [Double] { [perSecond, milliseconds(at: 0.5), milliseconds(at: 0.99)] }
}
