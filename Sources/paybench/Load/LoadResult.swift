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

  /// The latency that `share` of the requests didn't exceed.
  func milliseconds(at share: Double) -> Double {
    Percentile.milliseconds(of: latencies, at: share)
  }

  /// Requests a second, median and 99th percentile in milliseconds.
  var figures: [Double] { [perSecond, milliseconds(at: 0.5), milliseconds(at: 0.99)] }
}

enum Percentile {
  /// What `share` of the times in nanoseconds, ascending, don't exceed, in milliseconds (nearest
  /// rank); 0 of none.
  static func milliseconds(of times: [Int64], at share: Double) -> Double {
    guard !times.isEmpty else { return 0 }
    let rank = Int((share * Double(times.count)).rounded(.up))
    return Double(times[min(max(rank, 1), times.count) - 1]) / 1e6
  }
}
