internal import CCurl

/// Drives all transfers of a client. Lives on the transfer thread alone.
struct TransferLoop {
  private let mailbox: TransferMailbox
  private let multi: UnsafeMutableRawPointer
  /// The transfers under way, by the address of their easy handle.
  private var transfers: [UnsafeMutableRawPointer: any RunningTransfer] = [:]
  private var handlesByID: [UInt64: UnsafeMutableRawPointer] = [:]
  /// Easy handles kept for the next requests.
  private var idle: [UnsafeMutableRawPointer] = []

  private static let maximumIdleHandles = 16
  /// Connections kept open for the next requests.
  private static let maximumConnections = 64
  private static let pollMilliseconds: Int32 = 10_000

  init(_ mailbox: TransferMailbox) {
    self.mailbox = mailbox
    multi = mailbox.multi
    _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maximumConnections)
  }

  /// Runs until the mailbox is closed, then fails what is left.
  mutating func run() {
    while true {
      let mail = mailbox.collect()
      for pending in mail.submitted { start(pending) }
      for id in mail.cancelled { abort(id, .cancelled) }
      if mail.isClosed { break }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      finishTransfers()
      curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil)
    }
    for id in Array(handlesByID.keys) { abort(id, .shutDown) }
    for handle in idle { curl_easy_cleanup(handle) }
    idle = []
  }

  private mutating func start(_ pending: PendingTransfer) {
    guard let handle = idle.popLast() ?? curl_easy_init() else {
      pending.fail(.connectionFailed("no libcurl handle"))
      return
    }
    let transfer = pending.transfer(on: handle)
    guard transfer.configure(), curl_multi_add_handle(multi, handle) == CURLM_OK else {
      curl_easy_cleanup(handle)
      transfer.release()
      transfer.fail(.invalidRequest("libcurl refuses the request"))
      return
    }
    transfers[handle] = transfer
    handlesByID[pending.id] = handle
  }

  private mutating func finishTransfers() {
    var handle: UnsafeMutableRawPointer?
    var code = CURLE_OK
    while ccurl_multi_next_finished(multi, &handle, &code) != 0 {
      guard let finished = handle, let transfer = remove(finished) else { continue }
      transfer.finish(code)
      recycle(finished)
    }
  }

  private mutating func abort(_ id: UInt64, _ error: HTTPClientError) {
    guard let handle = handlesByID[id], let transfer = remove(handle) else { return }
    recycle(handle)
    transfer.fail(error)
  }

  private mutating func remove(_ handle: UnsafeMutableRawPointer) -> (any RunningTransfer)? {
    guard let transfer = transfers.removeValue(forKey: handle) else { return nil }
    handlesByID[transfer.id] = nil
    curl_multi_remove_handle(multi, handle)
    return transfer
  }

  /// `handle` is in no multi handle any more.
  private mutating func recycle(_ handle: UnsafeMutableRawPointer) {
    guard idle.count < Self.maximumIdleHandles else {
      curl_easy_cleanup(handle)
      return
    }
    curl_easy_reset(handle)
    idle.append(handle)
  }
}
