/// How a relay works.
package struct RelayOptions: Sendable {
  /// The configured restore epoch, which must be the database's.
  package var epoch: Int64 = 0
  /// How many events make a transaction at most.
  package var pageLimit = 8_192
  /// How many bytes of data they have at most, unless one alone has more. Two pages are in memory
  /// at a time.
  package var pageByteLimit = 8 << 20
  /// How long to wait after a first failure; each further one doubles it.
  package var firstPause = Duration.milliseconds(100)
  package var longestPause = Duration.seconds(30)

  package init() {}

  func pause(afterFailures count: Int) -> Duration {
    // Twenty doublings of any pause worth waiting exceed the longest.
    min(firstPause * (1 << min(max(0, count - 1), 20)), longestPause)
  }
}
