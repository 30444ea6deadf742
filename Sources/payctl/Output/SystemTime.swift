internal import ChainTypes
internal import Foundation
internal import Watching

/// The machine's time of day.
struct SystemTime: TimeSource {
  var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}
