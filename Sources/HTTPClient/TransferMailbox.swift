internal import CCurl
internal import Synchronization

/// What other threads tell the transfer thread. It owns the multi handle, since waking the thread
/// needs it for as long as anybody may write.
final class TransferMailbox: Sendable {
  /// `curl_multi_wakeup` alone may be called from any thread; all else is the transfer thread's.
  nonisolated(unsafe) let multi: UnsafeMutableRawPointer
  private let state = Mutex(State())

  private struct State {
    var nextID: UInt64 = 1
    var submitted: [PendingTransfer] = []
    var cancelled: [UInt64] = []
    var isClosed = false
  }

  /// What has come in since the last look.
  struct Mail {
    let submitted: [PendingTransfer]
    let cancelled: [UInt64]
    let isClosed: Bool
  }

  /// libcurl's process-wide set-up, once.
  private static let isSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init() throws(HTTPClientError) {
    guard Self.isSetUp, let multi = curl_multi_init() else {
      throw .connectionFailed("libcurl doesn't start")
    }
    self.multi = multi
  }

  deinit { curl_multi_cleanup(multi) }

  func takeID() -> UInt64 {
    state.withLock {
      $0.nextID &+= 1
      return $0.nextID
    }
  }

  func submit(_ transfer: PendingTransfer) {
    let isAccepted = state.withLock {
      guard !$0.isClosed else { return false }
      $0.submitted.append(transfer)
      return true
    }
    guard isAccepted else {
      transfer.fail(.shutDown)
      return
    }
    curl_multi_wakeup(multi)
  }

  func cancel(_ id: UInt64) {
    state.withLock { $0.cancelled.append(id) }
    curl_multi_wakeup(multi)
  }

  func close() {
    state.withLock { $0.isClosed = true }
    curl_multi_wakeup(multi)
  }

  func collect() -> Mail {
    state.withLock {
      let mail = Mail(
        submitted: $0.submitted, cancelled: $0.cancelled, isClosed: $0.isClosed)
      $0.submitted = []
      $0.cancelled = []
      return mail
    }
  }
}
