internal import CHiredis
internal import Glibc

/// Why a connection ended.
enum RedisFailure: Error, Sendable, Equatable {
  case connecting(String)
  case closedByServer
  case broken(String)
  case timedOut
  /// It answered what nobody asked.
  case unexpectedReply
  case replyTooLarge
  case refused(String)

  var sentence: String {
    switch self {
    case .connecting(let reason): "it can't be connected to: \(reason)"
    case .closedByServer: "it closed the connection"
    case .broken(let reason): "the connection broke: \(reason)"
    case .timedOut: "it didn't answer in time"
    case .unexpectedReply: "it answered what nobody asked"
    case .replyTooLarge: "it answered more than is read"
    case .refused(let reason): "it refused: \(reason)"
    }
  }
}

/// One connection, without blocking calls but the look-up of the host's name. For one thread.
final class RedisSocket {
  private let context: UnsafeMutablePointer<redisContext>
  /// Whether all that was appended has been written.
  private(set) var isFlushed = true

  /// The largest reply that is waited for.
  static let replyBytes = CacheLimits.valueBytes + (1 << 20)

  /// Begins to connect.
  init(host: String, port: UInt16) throws(RedisFailure) {
    guard let functions = RedisReading.functions,
      let context = redisConnectNonBlock(host, Int32(port))
    else { throw .connecting("no memory") }
    self.context = context
    guard context.pointee.err == 0, let reader = context.pointee.reader else {
      throw .connecting(Self.text(context))
    }
    reader.pointee.fn = functions
    var enabled: Int32 = 1
    _ = setsockopt(
      context.pointee.fd, Int32(IPPROTO_TCP), TCP_NODELAY, &enabled,
      socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { redisFree(context) }

  /// Waits until the connection stands.
  func connect(deadline: Int64) throws(RedisFailure) {
    let events = try wait(for: Int16(POLLOUT), wake: nil, deadline: deadline)
    guard events != 0 else { throw .timedOut }
    var error: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(context.pointee.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 else {
      throw .connecting("no state")
    }
    guard error == 0 else { throw .connecting(String(cString: strerror(error))) }
  }

  /// Waits for the socket's events, the wake's, or the deadline; gives the socket's.
  func wait(
    for events: Int16, wake: Int32?, deadline: Int64?
  ) throws(RedisFailure) -> Int16 {
    var polled = [pollfd(fd: context.pointee.fd, events: events, revents: 0)]
    if let wake { polled.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0)) }
    let timeout = deadline.map { Int32(clamping: max(0, $0 - MonotonicClock.milliseconds)) } ?? -1
    let count = poll(&polled, nfds_t(polled.count), timeout)
    guard count >= 0 else {
      if errno == EINTR { return 0 }
      throw .broken("poll: \(errno)")
    }
    return polled[0].revents
  }

  func append(_ command: RedisCommand) throws(RedisFailure) {
    isFlushed = false
    let status = command.bytes.withUnsafeBytes { bytes in
      redisAppendFormattedCommand(
        context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard status == REDIS_OK else { throw failure() }
  }

  /// Writes what the socket takes now.
  func flush() throws(RedisFailure) {
    var done: Int32 = 0
    guard redisBufferWrite(context, &done) == REDIS_OK else { throw failure() }
    isFlushed = done != 0
  }

  /// Reads what the socket has now, some kilobytes at most.
  func read() throws(RedisFailure) {
    guard redisBufferRead(context) == REDIS_OK else { throw failure() }
  }

  /// The next whole reply of what was read.
  func nextReply() throws(RedisFailure) -> RedisReply? {
    var found: UnsafeMutableRawPointer?
    guard redisGetReplyFromReader(context, &found) == REDIS_OK else { throw failure() }
    guard let found else {
      if let reader = context.pointee.reader,
        reader.pointee.len &- reader.pointee.pos > Self.replyBytes
      {
        throw .replyTooLarge
      }
      return nil
    }
    defer { freeReplyObject(found) }
    return RedisReply(found.assumingMemoryBound(to: redisReply.self).pointee)
  }

  /// Sends one command, with none under way, and waits for its reply.
  func ask(_ command: RedisCommand, deadline: Int64) throws(RedisFailure) -> RedisReply {
    try append(command)
    while true {
      if !isFlushed { try flush() }
      let wanted = isFlushed ? Int16(POLLIN) : Int16(POLLIN) | Int16(POLLOUT)
      let events = try wait(for: wanted, wake: nil, deadline: deadline)
      if events & ~Int16(POLLOUT) != 0 { try read() }
      if let reply = try nextReply() { return reply }
      guard MonotonicClock.milliseconds < deadline else { throw .timedOut }
    }
  }

  private func failure() -> RedisFailure {
    context.pointee.err == REDIS_ERR_EOF ? .closedByServer : .broken(Self.text(context))
  }

  private static func text(_ context: UnsafeMutablePointer<redisContext>) -> String {
    withUnsafeBytes(of: context.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

/// The system's clock that never goes back.
enum MonotonicClock {
  static var milliseconds: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
  }
}
