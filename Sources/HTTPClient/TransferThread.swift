internal import Glibc
internal import Synchronization

/// The one thread on which a client's transfers run.
final class TransferThread: Sendable {
  private let handle: Mutex<pthread_t?>

  init(_ mailbox: TransferMailbox) throws(HTTPClientError) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(mailbox)
    let status = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let mailbox = Unmanaged<TransferMailbox>.fromOpaque(context).takeRetainedValue()
        var loop = TransferLoop(mailbox)
        loop.run()
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      throw .connectionFailed("no thread: error \(status)")
    }
    handle = Mutex(thread)
  }

  /// Waits until the thread has ended. Only the first call does.
  func join() {
    let thread = handle.withLock { handle in
      defer { handle = nil }
      return handle
    }
    if let thread { pthread_join(thread, nil) }
  }
}
