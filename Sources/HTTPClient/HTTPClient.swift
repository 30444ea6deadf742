internal import CCurl
internal import Synchronization

/// An HTTP/1.1 and HTTP/2 client over libcurl's multi interface: one thread of its own drives all
/// transfers and keeps connections alive between them.
///
/// It follows no redirects, takes no proxy from the environment, and speaks only `http` and
/// `https`; mail goes over it by `submit`. Cancelling the task that waits aborts the transfer.
package final class HTTPClient: Sendable {
  private let mailbox: TransferMailbox
  private let thread: TransferThread

  /// Starts the client's thread.
  package init() throws(HTTPClientError) {
    mailbox = try TransferMailbox()
    thread = try TransferThread(mailbox)
  }

  deinit { shutdown() }

  /// Sends `request` and waits for the whole response, whatever its status.
  package func send(
    _ request: HTTPRequest
  ) async throws(HTTPClientError) -> HTTPResponse {
    try Self.check(request)
    guard !Task.isCancelled else { throw .cancelled }
    return try await result { .http(request, $0) }.get()
  }

  /// Hands the transfer to the thread and waits for what comes of it.
  func result<Value: Sendable>(
    _ work: @Sendable (CheckedContinuation<Value, Never>) -> PendingTransfer.Work
  ) async -> Value {
    let id = mailbox.takeID()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        mailbox.submit(PendingTransfer(id: id, work: work(continuation)))
        // A cancellation that came before the submission found nothing to cancel.
        if Task.isCancelled { mailbox.cancel(id) }
      }
    } onCancel: {
      mailbox.cancel(id)
    }
  }

  /// Ends every transfer with `shutDown` and joins the thread. Requests after that fail alike.
  package func shutdown() {
    mailbox.close()
    thread.join()
  }

  private static func check(_ request: HTTPRequest) throws(HTTPClientError) {
    guard request.timeoutMilliseconds > 0, request.maxResponseBytes >= 0 else {
      throw .invalidRequest("a limit below zero")
    }
    guard request.headers.allSatisfy(\.isOneLine) else {
      throw .invalidRequest("a header with a line break")
    }
    guard !request.url.utf8.contains(0) else { throw .invalidRequest("a URL with a NUL") }
  }
}
