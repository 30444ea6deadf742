internal import Foundation
internal import Glibc

/// Sends requests over connections of which each sends its next one when its answer has come (a
/// closed loop), on one thread of its own, with as little work as can be: what it takes of the
/// processor, the server lacks.
struct LoadGenerator: Sendable {
  /// On 127.0.0.1.
  let port: Int
  /// That stay open; fewer where there are fewer requests.
  let connections: Int

  /// Sends each of `requests` once. Throws where an answer has another status than `status`, and
  /// where none comes for long.
  func run(_ requests: ByteRun, expecting status: Int) async throws -> LoadResult {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        continuation.resume(
          with: Result {
            let loop = try LoadLoop(
              port: port, connections: min(connections, requests.ranges.count), status: status)
            return try loop.run(requests)
          })
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }
}

/// The connections and what each of them waits for.
private final class LoadLoop {
  private struct Connection {
    let descriptor: Int32
    var startedAt: Int64 = 0
    /// What has come of an answer, where that isn't all.
    var begun: [UInt8] = []
  }

  private let status: Int
  /// What each connection is asked: whether an answer has come.
  private var questions: [pollfd] = []
  private var connections: [Connection] = []
  private var latencies: [Int64] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// How long all of them may be without an answer, in milliseconds.
  private static let patience: Int32 = 60_000

  init(port: Int, connections count: Int, status: Int) throws {
    self.status = status
    for _ in 0..<count {
      let descriptor = try LoopbackSocket.connect(port)
      connections.append(Connection(descriptor: descriptor))
      questions.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }
  }

  deinit {
    for connection in connections { close(connection.descriptor) }
  }

  func run(_ requests: ByteRun) throws -> LoadResult {
    latencies.reserveCapacity(requests.ranges.count)
    var next = 0
    let start = WallClock.nanoseconds
    while next < connections.count {
      try send(requests, next, over: next)
      next += 1
    }
    while latencies.count < requests.ranges.count {
      let count = poll(&questions, nfds_t(questions.count), Self.patience)
      guard count > 0 else {
        if count < 0, errno == EINTR { continue }
        throw BenchmarkFailure("no answer for \(Self.patience / 1_000) seconds")
      }
      for place in questions.indices where questions[place].revents != 0 {
        guard try receive(over: place) else { continue }
        let now = WallClock.nanoseconds
        latencies.append(now - connections[place].startedAt)
        if next < requests.ranges.count {
          try send(requests, next, over: place)
          next += 1
        }
      }
    }
    return LoadResult(
      seconds: max(Double(WallClock.nanoseconds - start) / 1e9, 1e-9), latencies: latencies)
  }

  private func send(_ requests: ByteRun, _ index: Int, over place: Int) throws {
    let range = requests.ranges[index]
    connections[place].startedAt = WallClock.nanoseconds
    let sent = requests.bytes.withUnsafeBytes { bytes in
      // A blocking socket takes all of it: far less than its buffer, which is empty.
      Glibc.send(
        connections[place].descriptor, bytes.baseAddress.map { $0 + range.lowerBound },
        range.count, Int32(MSG_NOSIGNAL))
    }
    guard sent == range.count else { throw BenchmarkFailure.call("send") }
  }

  /// Takes what has come; true where that ends an answer.
  private func receive(over place: Int) throws -> Bool {
    let count = recv(
      connections[place].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN { return false }
    guard count > 0 else {
      throw count == 0
        ? BenchmarkFailure("the server closed a connection") : BenchmarkFailure.call("recv")
    }
    if connections[place].begun.isEmpty, try isAnswer(buffer[..<count]) { return true }
    connections[place].begun += buffer[..<count]
    guard connections[place].begun.count <= 1 << 20 else {
      throw BenchmarkFailure("an answer has no end")
    }
    guard try isAnswer(connections[place].begun[...]) else { return false }
    connections[place].begun.removeAll(keepingCapacity: true)
    return true
  }

  /// Whether the bytes are a whole answer, which must be one of the status that is expected.
  private func isAnswer(_ bytes: ArraySlice<UInt8>) throws -> Bool {
    try bytes.withUnsafeBytes { bytes in
      guard let answer = try HTTPAnswer(bytes.bytes) else { return false }
      guard answer.status == status, answer.length == bytes.count else {
        throw BenchmarkFailure(
          "expected one answer with status \(status): \(HTTPAnswer.beginning(bytes.bytes))")
      }
      return true
    }
  }
}
