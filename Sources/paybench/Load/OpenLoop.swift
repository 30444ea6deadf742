internal import Glibc

/// One run of an open loop: the connections, which of them are free, and what the others wait for.
final class OpenLoop {
  private struct Connection {
    var descriptor: Int32
    /// The due that waits for its answer.
    var due = 0
    /// What has come of an answer, where that isn't all.
    var begun: [UInt8] = []
  }

  private let port: Int
  private let schedule: LoadSchedule
  private var connections: [Connection] = []
  /// Places of free ones, those that have been free the longest first: a ring.
  private var free: [Int] = []
  private var firstFree = 0
  private var freeCount = 0
  /// Places of those that wait for an answer, and what each is asked: whether something has come.
  /// They are few beside all.
  private var busy: [Int] = []
  private var questions: [pollfd] = []
  /// Places of those whose answers are streams.
  private var streaming: [Int] = []
  private var lastDrained: Int64 = 0
  private var latencies: [[Int64]]
  private var errors: [Int]
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  /// - Parameter streams: requests whose answers have begun when this returns
  init(port: Int, connections count: Int, _ streams: ByteRun, _ schedule: LoadSchedule) throws {
    self.port = port
    self.schedule = schedule
    latencies = schedule.endpoints.map { _ in [] }
    errors = schedule.endpoints.map { _ in 0 }
    free = [Int](repeating: 0, count: count)
    connections.reserveCapacity(count)
    for place in 0..<count {
      connections.append(Connection(descriptor: try LoopbackSocket.connect(port)))
      if place < streams.ranges.count {
        try send(streams, place, over: place)
        streaming.append(place)
      } else {
        setFree(place)
      }
    }
    for place in streaming { try awaitStream(over: place) }
  }

  deinit {
    for connection in connections { Self.drop(connection.descriptor) }
  }

  func run(patience: Int64) throws -> OpenLoadResult {
    let dues = schedule.dues
    var (next, answered) = (0, 0)
    let start = WallClock.nanoseconds
    while answered < dues.count {
      var now = WallClock.nanoseconds - start
      while next < dues.count, dues[next].nanoseconds <= now, freeCount > 0 {
        try ask(next, over: takeFree())
        next += 1
      }
      // The oldest that isn't answered is at least as old as the first that isn't sent.
      if next < dues.count, now - dues[next].nanoseconds > patience { break }
      if next == dues.count, now - dues[next - 1].nanoseconds > patience { break }
      let isWaitingForDue = next < dues.count && freeCount > 0
      let wait = isWaitingForDue ? max(0, dues[next].nanoseconds - now) / 1_000_000 : 100
      let count = poll(&questions, nfds_t(questions.count), Int32(min(wait, 100)))
      guard count >= 0 || errno == EINTR else { throw BenchmarkFailure.call("poll") }
      now = WallClock.nanoseconds - start
      // From behind, since whoever is answered gives its place to the last.
      for index in questions.indices.reversed() where questions[index].revents != 0 {
        guard let outcome = try receive(over: busy[index]) else { continue }
        let due = dues[connections[busy[index]].due]
        answered += 1
        if outcome == .error {
          errors[due.endpoint] += 1
        } else {
          latencies[due.endpoint].append(now - due.nanoseconds)
        }
        if outcome == .stream { streaming.append(busy[index]) } else { setFree(busy[index]) }
        busy.swapAt(index, busy.count - 1)
        questions.swapAt(index, questions.count - 1)
        busy.removeLast()
        questions.removeLast()
      }
      try drainStreams(at: now)
    }
    return OpenLoadResult(
      endpoints: schedule.endpoints.indices.map { place in
        .init(
          name: schedule.endpoints[place].name, latencies: latencies[place].sorted(),
          errors: errors[place])
      }, unanswered: dues.count - answered)
  }

  // MARK: Free ones

  private func setFree(_ place: Int) {
    free[(firstFree + freeCount) % free.count] = place
    freeCount += 1
  }

  private func takeFree() -> Int {
    defer {
      firstFree = (firstFree + 1) % free.count
      freeCount -= 1
    }
    return free[firstFree]
  }

  // MARK: Sending and receiving

  private func ask(_ index: Int, over place: Int) throws {
    let due = schedule.dues[index]
    let requests = schedule.endpoints[due.endpoint].requests
    try reopen(place)
    connections[place].due = index
    try send(requests, due.request % requests.ranges.count, over: place)
    busy.append(place)
    questions.append(
      pollfd(fd: connections[place].descriptor, events: Int16(POLLIN), revents: 0))
  }

  /// Makes a new connection of one that the server has closed because nobody used it for long, as
  /// clients do.
  private func reopen(_ place: Int) throws {
    var byte: UInt8 = 0
    let count = recv(connections[place].descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    guard count == 0 || (count < 0 && errno != EAGAIN) else { return }
    close(connections[place].descriptor)
    connections[place] = Connection(descriptor: try LoopbackSocket.connect(port))
  }

  private func send(_ requests: ByteRun, _ index: Int, over place: Int) throws {
    let range = requests.ranges[index]
    let sent = requests.bytes.withUnsafeBytes { bytes in
      // It fits the socket's buffer, which is empty.
      Glibc.send(
        connections[place].descriptor, bytes.baseAddress.map { $0 + range.lowerBound },
        range.count, Int32(MSG_NOSIGNAL))
    }
    // Where the server has closed it, that is seen when the answer is looked for.
    guard sent == range.count || errno == EPIPE || errno == ECONNRESET else {
      throw BenchmarkFailure.call("send")
    }
  }

  private enum Outcome {
    case answer, stream, error
  }

  /// Takes what has come; nil where that doesn't end an answer.
  private func receive(over place: Int) throws -> Outcome? {
    let count = recv(connections[place].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return nil }
    guard count > 0 else {
      // Closed: the next request gets a new one.
      close(connections[place].descriptor)
      connections[place] = Connection(
        descriptor: try LoopbackSocket.connect(port), due: connections[place].due)
      return .error
    }
    let due = connections[place].due
    if connections[place].begun.isEmpty, let outcome = try outcome(buffer[..<count], of: due) {
      return outcome
    }
    connections[place].begun += buffer[..<count]
    guard connections[place].begun.count <= 4 << 20 else {
      throw BenchmarkFailure("an answer has no end")
    }
    let outcome = try outcome(connections[place].begun[...], of: due)
    if outcome != nil { connections[place].begun.removeAll() }
    return outcome
  }

  /// What the bytes are: nil where an answer isn't whole. One that tells of a mistake in the
  /// request ends all: it isn't the server's.
  private func outcome(_ bytes: ArraySlice<UInt8>, of due: Int) throws -> Outcome? {
    let endpoint = schedule.endpoints[schedule.dues[due].endpoint]
    return try bytes.withUnsafeBytes { bytes in
      if endpoint.isStream, try HTTPAnswer.status(bytes.bytes) == endpoint.status {
        return .stream
      }
      guard let answer = try HTTPAnswer(bytes.bytes) else { return nil }
      if answer.status == endpoint.status, answer.length == bytes.count { return .answer }
      guard answer.status >= 500 || answer.status == 429 else {
        throw BenchmarkFailure(
          "\(endpoint.name): expected one answer with status \(endpoint.status): "
            + HTTPAnswer.beginning(bytes.bytes))
      }
      return .error
    }
  }

  // MARK: Streams

  private func awaitStream(over place: Int) throws {
    var bytes: [UInt8] = []
    while true {
      let count = recv(connections[place].descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { throw BenchmarkFailure("a stream wasn't opened") }
      bytes += buffer[..<count]
      guard let status = try bytes.withUnsafeBytes({ try HTTPAnswer.status($0.bytes) }) else {
        continue
      }
      guard status == 200 else {
        throw BenchmarkFailure(bytes.withUnsafeBytes { HTTPAnswer.beginning($0.bytes) })
      }
      return
    }
  }

  /// Takes what streams have told, a few times a second: servers leave who doesn't read.
  private func drainStreams(at now: Int64) throws {
    guard now - lastDrained > 250_000_000 else { return }
    lastDrained = now
    for place in streaming {
      let count = recv(
        connections[place].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 || (count < 0 && errno == EAGAIN) else {
        throw BenchmarkFailure("the server ended a stream")
      }
    }
  }

  /// Closes it with a reset: ten thousand that linger take the ports of the next ones.
  private static func drop(_ descriptor: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
  }
}
