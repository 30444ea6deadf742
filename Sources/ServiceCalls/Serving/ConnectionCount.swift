internal import NIOCore
internal import Synchronization

/// Counts a server's connections, and refuses those above its limit: each takes memory and a
/// descriptor before anybody has shown a token.
final class ConnectionCount: Sendable {
  private let limit: Int
  private let count = Mutex(0)

  init(limit: Int) { self.limit = limit }

  /// Lets an accepted connection in, or closes it at once.
  func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
    let isAdmitted = count.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    guard isAdmitted else { return channel.close() }
    channel.closeFuture.whenComplete { [self] _ in count.withLock { $0 -= 1 } }
    return channel.eventLoop.makeSucceededVoidFuture()
  }
}
