internal import Foundation
internal import Glibc

/// Sends requests over many connections at moments that were set beforehand, whether earlier ones
/// have been answered or not (an open loop): who waits for answers before asking on measures
/// nothing of the time in which the server kept everybody waiting.
///
/// A request's latency counts from the moment at which it was due, so what had to wait for a free
/// connection, or for the generator itself, is counted as well.
final class OpenLoad: Sendable {
  /// On 127.0.0.1.
  private let port: Int
  private let connections: Int

  init(port: Int, connections: Int) {
    self.port = port
    self.connections = connections
  }

  /// Opens all connections, sends what is due over one after the other of them, and gives the
  /// latencies. What isn't answered `patienceSeconds` after it was due ends the run, with the rest
  /// unasked: the rate is more than the server can do.
  func run(_ schedule: LoadSchedule, patienceSeconds: Int64 = 3) async throws -> OpenLoadResult {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { [self] in
        continuation.resume(
          with: Result {
            let loop = try OpenLoop(port: port, connections: connections, schedule)
            return try loop.run(patience: patienceSeconds * 1_000_000_000)
          })
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }
}

/// How an open loop was answered.
struct OpenLoadResult: Sendable {
  /// Of each endpoint in nanoseconds, ascending, in the schedule's order.
  let latencies: [[Int64]]
  /// Requests whose turn never came, or that weren't answered in time.
  let unanswered: Int

  /// Of the endpoint whose 99th percentile is the highest, by its place.
  var worst: (endpoint: Int, milliseconds: Double) {
    latencies.indices.map { ($0, milliseconds(at: 0.99, of: $0)) }.max { $0.1 < $1.1 } ?? (0, 0)
  }

  func milliseconds(at share: Double, of endpoint: Int) -> Double {
    Percentile.milliseconds(of: latencies[endpoint], at: share)
  }

  /// Whether everything was answered, and of every endpoint 99 of 100 within the bound.
  func holds(milliseconds: Double) -> Bool { unanswered == 0 && worst.milliseconds <= milliseconds }
}

/// The connections, which of them are free, and what the others wait for.
private final class OpenLoop {
  private struct Connection {
    let descriptor: Int32
    /// The due that waits for its answer.
    var due = 0
    /// What has come of an answer, where that isn't all.
    var begun: [UInt8] = []
  }

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
  private var latencies: [[Int64]]
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  init(port: Int, connections count: Int, _ schedule: LoadSchedule) throws {
    self.schedule = schedule
    latencies = schedule.endpoints.map { _ in [] }
    free = [Int](repeating: 0, count: count)
    connections.reserveCapacity(count)
    for place in 0..<count {
      connections.append(Connection(descriptor: try LoopbackSocket.connect(port)))
      setFree(place)
    }
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
        try send(next, over: takeFree())
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
        guard try receive(over: busy[index]) else { continue }
        let due = connections[busy[index]].due
        latencies[dues[due].endpoint].append(now - dues[due].nanoseconds)
        answered += 1
        setFree(busy[index])
        busy.swapAt(index, busy.count - 1)
        questions.swapAt(index, questions.count - 1)
        busy.removeLast()
        questions.removeLast()
      }
    }
    return OpenLoadResult(
      latencies: latencies.map { $0.sorted() }, unanswered: dues.count - answered)
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

  private func send(_ index: Int, over place: Int) throws {
    let due = schedule.dues[index]
    let requests = schedule.endpoints[due.endpoint].requests
    let range = requests.ranges[due.request % requests.ranges.count]
    connections[place].due = index
    let sent = requests.bytes.withUnsafeBytes { bytes in
      // It fits the socket's buffer, which is empty.
      Glibc.send(
        connections[place].descriptor, bytes.baseAddress.map { $0 + range.lowerBound },
        range.count, Int32(MSG_NOSIGNAL))
    }
    guard sent == range.count else { throw BenchmarkFailure.call("send") }
    busy.append(place)
    questions.append(
      pollfd(fd: connections[place].descriptor, events: Int16(POLLIN), revents: 0))
  }

  /// Takes what has come; true where that ends an answer.
  private func receive(over place: Int) throws -> Bool {
    let count = recv(connections[place].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return false }
    guard count > 0 else {
      throw count == 0
        ? BenchmarkFailure("the server closed a connection") : BenchmarkFailure.call("recv")
    }
    let due = connections[place].due
    if connections[place].begun.isEmpty, try isAnswer(buffer[..<count], to: due) { return true }
    connections[place].begun += buffer[..<count]
    guard connections[place].begun.count <= 4 << 20 else {
      throw BenchmarkFailure("an answer has no end")
    }
    guard try isAnswer(connections[place].begun[...], to: due) else { return false }
    connections[place].begun.removeAll()
    return true
  }

  /// Whether the bytes are a whole answer, which must have the endpoint's status.
  private func isAnswer(_ bytes: ArraySlice<UInt8>, to due: Int) throws -> Bool {
    try bytes.withUnsafeBytes { bytes in
      guard let answer = try HTTPAnswer(bytes.bytes) else { return false }
      let endpoint = schedule.endpoints[schedule.dues[due].endpoint]
      guard answer.status == endpoint.status, answer.length == bytes.count else {
        throw BenchmarkFailure(
          "\(endpoint.name): expected one answer with status \(endpoint.status): "
            + HTTPAnswer.beginning(bytes.bytes))
      }
      return true
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
