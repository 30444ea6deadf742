internal import Database
internal import EventLog
internal import Logging

/// Tells the readers in this process of positions that another one's sequencer has given.
struct FeedFollowing: Sendable {
  let surroundings: Surroundings
  let feed: EventFeed

  private static let interval = Duration.milliseconds(100)

  func run() async {
    while !Task.isCancelled {
      if feed.readerCount > 0 {
        do {
          feed.advance(to: try await surroundings.database.read(EventLog.lastPosition(in:)))
        } catch {
          surroundings.logger.error("following the log failed", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: .seconds(1))
        }
      }
      try? await Task.sleep(for: Self.interval)
    }
  }
}
