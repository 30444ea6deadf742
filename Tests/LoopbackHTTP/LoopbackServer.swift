import Glibc
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 at a free port, which answers as a test says: also
/// wrongly, in pieces, or never.
package final class LoopbackServer: Sendable {
  package let port: UInt16
  /// What happens at the server, in order.
  package let events: AsyncStream<Event>
  private let listener: Int32
  private let state = Mutex(State())
  private let host: String
  private let greeting: [UInt8]?
  private let handler: @Sendable (Request) -> Reply
  private let report: AsyncStream<Event>.Continuation

  package enum Event: Equatable, Sendable {
    case request(path: String)
    /// The peer closed a connection on which a reply was still due.
    case abandoned
  }

  package struct Request: Sendable {
    package let method: String
    package let path: String
    /// Names in lower case.
    package let headers: [String: String]
    package let body: [UInt8]
    /// Which connection it came over, from 1.
    package let connection: Int
  }

  package enum Reply: Sendable {
    case response(status: Int, headers: [String] = [], body: [UInt8])
    /// These bytes as they stand, then the connection's end.
    case raw([UInt8])
    /// Nothing, until the peer or the server closes the connection.
    case never
  }

  private struct State {
    var connections: [Int32] = []
    var threads: [pthread_t] = []
    var connectionCount = 0
    var isStopped = false
  }

  package struct SocketError: Error {
    package let code: Int32
  }

  /// - Parameters:
  ///   - host: an address of this machine's loopback network
  ///   - port: 0 for a free one
  ///   - greeting: sent on each connection before anything is read, as no HTTP server does
  package init(
    host: String = "127.0.0.1", port: UInt16 = 0, greeting: [UInt8]? = nil,
    _ handler: @escaping @Sendable (Request) -> Reply
  ) throws {
    self.host = host
    self.greeting = greeting
    self.handler = handler
    (events, report) = AsyncStream.makeStream(of: Event.self)
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw SocketError(code: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr(host)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        guard bind(socket, pointer, size) == 0, listen(socket, 64) == 0 else { return errno }
        return getsockname(socket, pointer, &size) == 0 ? 0 : errno
      }
    }
    guard status == 0 else {
      close(socket)
      throw SocketError(code: status)
    }
    listener = socket
    self.port = UInt16(bigEndian: address.sin_port)
    start { [self] in acceptConnections() }
  }

  package var url: String { "http://\(host):\(port)" }

  package var connectionCount: Int { state.withLock { $0.connectionCount } }

  /// Closes all connections and waits for all threads.
  package func stop() {
    let threads = state.withLock { state in
      guard !state.isStopped else { return [pthread_t]() }
      state.isStopped = true
      shutdown(listener, Int32(SHUT_RDWR))
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      return state.threads
    }
    for thread in threads { pthread_join(thread, nil) }
    report.finish()
  }

  private func acceptConnections() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      let number = state.withLock { state -> Int? in
        guard !state.isStopped else { return nil }
        state.connections.append(connection)
        state.connectionCount += 1
        return state.connectionCount
      }
      guard let number else {
        close(connection)
        break
      }
      start { [self] in
        serve(connection, number)
        state.withLock { state in state.connections.removeAll { $0 == connection } }
        close(connection)
      }
    }
    close(listener)
  }

  private func serve(_ connection: Int32, _ number: Int) {
    var input: [UInt8] = []
    if let greeting, !write(connection, greeting) { return }
    while let request = read(connection, number, &input) {
      report.yield(.request(path: request.path))
      switch handler(request) {
      case .response(let status, let headers, let body):
        var head = "HTTP/1.1 \(status) Reply\r\nContent-Length: \(body.count)\r\n"
        for header in headers { head += header + "\r\n" }
        guard write(connection, Array((head + "\r\n").utf8) + body) else {
          report.yield(.abandoned)
          return
        }
      case .raw(let bytes):
        if !write(connection, bytes) { report.yield(.abandoned) }
        return
      case .never:
        while receive(connection, &input) {}
        report.yield(.abandoned)
        return
      }
    }
  }

  private func read(_ connection: Int32, _ number: Int, _ input: inout [UInt8]) -> Request? {
    let blankLine = Array("\r\n\r\n".utf8)
    while true {
      if let end = input.firstRange(of: blankLine) {
        let lines = String(decoding: input[..<end.lowerBound], as: UTF8.self)
          .split(separator: "\r\n")
        let first = lines.first?.split(separator: " ") ?? []
        guard first.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1)
          guard parts.count == 2 else { continue }
          headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        if input.count - end.upperBound >= length {
          let body = Array(input[end.upperBound..<(end.upperBound + length)])
          input.removeFirst(end.upperBound + length)
          return Request(
            method: String(first[0]), path: String(first[1]), headers: headers, body: body,
            connection: number)
        }
      }
      guard receive(connection, &input) else { return nil }
    }
  }

  private func receive(_ connection: Int32, _ input: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    input += buffer.prefix(count)
    return true
  }

  private func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(
          connection, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private func start(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(run)).toOpaque()
    let status = pthread_create(
      &thread, nil,
      { context in
        context.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().run() }
        return nil
      }, work)
    precondition(status == 0, "a test can start a thread")
    state.withLock { $0.threads.append(thread) }
  }
}
