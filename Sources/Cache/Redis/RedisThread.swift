internal import Glibc
internal import Synchronization

/// The thread of one connection: it gathers what tasks hand in, writes it at once, and hands out
/// the replies in their order (pipelining).
final class RedisThread: Sendable {
  private let handle: Mutex<pthread_t?>

  /// Nil where the system has no thread left.
  init?(_ link: RedisLink) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(link)
    let status = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        // A write to a closed connection raises SIGPIPE in the thread that writes; it stays
        // blocked here, and the write just fails.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var loop = RedisLoop(Unmanaged<RedisLink>.fromOpaque(context).takeRetainedValue())
        loop.run()
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      return nil
    }
    handle = Mutex(thread)
  }

  deinit {
    if let thread = handle.withLock({ $0 }) { pthread_detach(thread) }
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

/// What the thread does until its link is closed: connect, delete what must be, serve, and begin
/// again after a pause.
private struct RedisLoop {
  let link: RedisLink
  let options: RedisOptions
  private var pause: ReconnectPause
  /// Written, and waiting for their replies in this order.
  private var inFlight: [RedisLink.Call] = []

  /// What is written at once, roughly.
  static let batchBytes = 256 << 10

  init(_ link: RedisLink) {
    self.link = link
    options = link.options
    pause = ReconnectPause(
      shortestMilliseconds: link.options.shortestPauseMilliseconds,
      longestMilliseconds: link.options.longestPauseMilliseconds)
  }

  mutating func run() {
    while !link.isClosed {
      do throws(RedisFailure) {
        let socket = try connect()
        try delete(over: socket)
        try serve(over: socket)
      } catch {
        // Nothing of the old connection is used again.
        let calls = inFlight
        inFlight = []
        link.goDown(error, inFlight: calls)
      }
      if !link.isClosed { link.pause(milliseconds: pause.next()) }
    }
    link.goDown(.broken("closed"), inFlight: inFlight)
  }

  private func connect() throws(RedisFailure) -> RedisSocket {
    let deadline = MonotonicClock.milliseconds + options.connectMilliseconds
    let socket = try RedisSocket(host: options.host, port: options.port)
    try socket.connect(deadline: deadline)
    if let password = options.password {
      let command = RedisCommand.authenticate(user: options.user, password: password)
      try expect("OK", socket.ask(command, deadline: deadline))
    }
    if options.database != 0 {
      try expect("OK", socket.ask(.select(options.database), deadline: deadline))
    }
    try expect("PONG", socket.ask(.ping, deadline: deadline))
    return socket
  }

  private func expect(_ status: String, _ reply: RedisReply) throws(RedisFailure) {
    switch reply {
    case .status(status): return
    case .error(let text): throw .refused(text)
    default: throw .unexpectedReply
    }
  }

  // MARK: What was to be deleted while nobody answered

  private func delete(over socket: RedisSocket) throws(RedisFailure) {
    while let next = link.nextDeletion() {
      guard !link.isClosed else { throw .broken("closed") }
      if let number = next.sweep {
        try sweep(over: socket)
        link.confirmSweep(number)
      }
      if let ticket = next.keys {
        try unlink(ticket.keys, over: socket)
        link.confirm(ticket)
      }
    }
  }

  /// Deletes all keys of the cache: SCAN gives every key that stands from its begin to its end.
  private func sweep(over socket: RedisSocket) throws(RedisFailure) {
    let start = Array("0".utf8)
    var cursor = start
    repeat {
      let pattern = RedisCache.valuePrefix(options) + "*"
      let reply = try socket.ask(.scan(cursor, pattern), deadline: deadline)
      guard case .array(let parts) = reply, parts.count == 2, case .bytes(let next) = parts[0],
        case .array(let keys) = parts[1], next.count <= 20
      else {
        if case .error(let text) = reply { throw .refused(text) }
        throw .unexpectedReply
      }
      let names = keys.compactMap { key -> String? in
        guard case .bytes(let bytes) = key else { return nil }
        return String(decoding: bytes, as: UTF8.self)
      }
      if !names.isEmpty { try unlink(names, over: socket) }
      guard !link.isClosed else { throw .broken("closed") }
      cursor = next
    } while cursor != start
  }

  private func unlink(_ keys: [String], over socket: RedisSocket) throws(RedisFailure) {
    switch try socket.ask(.delete(keys), deadline: deadline) {
    case .integer: return
    case .error(let text): throw .refused(text)
    default: throw .unexpectedReply
    }
  }

  private var deadline: Int64 { MonotonicClock.milliseconds + options.commandMilliseconds }

  // MARK: Serving

  private mutating func serve(over socket: RedisSocket) throws(RedisFailure) {
    while true {
      if socket.isFlushed {
        let (calls, mustReconnect, isClosed) = link.takeCalls(byteLimit: Self.batchBytes)
        inFlight += calls
        if isClosed { throw .broken("closed") }
        if mustReconnect { throw .refused("a deletion") }
        for call in calls { try socket.append(call.command) }
      }
      if !socket.isFlushed { try socket.flush() }
      let wanted = socket.isFlushed ? Int16(POLLIN) : Int16(POLLIN) | Int16(POLLOUT)
      let events = try socket.wait(
        for: wanted, wake: socket.isFlushed ? link.wakeDescriptor : nil,
        deadline: inFlight.first?.deadlineMilliseconds)
      if events & ~Int16(POLLOUT) != 0 {
        try socket.read()
        try answer(from: socket)
      }
      if let first = inFlight.first, first.deadlineMilliseconds <= MonotonicClock.milliseconds {
        // Its reply may still come: only another connection is in step again.
        throw .timedOut
      }
    }
  }

  private mutating func answer(from socket: RedisSocket) throws(RedisFailure) {
    var answered = 0
    defer {
      link.release(inFlight.prefix(answered))
      inFlight.removeFirst(answered)
    }
    while let reply = try socket.nextReply() {
      guard answered < inFlight.count else { throw .unexpectedReply }
      inFlight[answered].continuation.resume(returning: .success(reply))
      answered += 1
      pause.reset()
    }
  }
}
