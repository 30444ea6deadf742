import Glibc
import LocalServers
import Synchronization

/// A server on 127.0.0.1 that accepts, answers the first PING of each connection, and then says
/// what its script says to whatever comes.
final class ScriptedServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var connections = 0
    var reads: [Int] = []
    var isClosed = false
  }

  enum Step: Sendable {
    case say([UInt8])
    /// Sends the bytes over and over until the other side closes.
    case repeatForever([UInt8])
    case hangUp
    case silence
  }

  /// How many connections were accepted.
  var connections: Int { state.withLock(\.connections) }
  /// How many bytes came at once, after the handshake.
  var reads: [Int] { state.withLock(\.reads) }

  init(_ script: @escaping @Sendable ([UInt8]) -> [Step]) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard isBound else { throw LocalServerError.failed("no port") }
    port = UInt16(bigEndian: address.sin_port)
    Self.onThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        state.withLock { $0.connections += 1 }
        Self.onThread { [self] in serve(connection, script) }
      }
    }
  }

  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    Glibc.close(listener)
  }

  private func serve(_ connection: Int32, _ script: ([UInt8]) -> [Step]) {
    defer { Glibc.close(connection) }
    guard Self.read(connection) != nil, Self.send(connection, Array("+PONG\r\n".utf8)) else {
      return
    }
    while let bytes = Self.read(connection) {
      state.withLock { $0.reads.append(bytes.count) }
      for step in script(bytes) {
        switch step {
        case .say(let answer): guard Self.send(connection, answer) else { return }
        case .repeatForever(let answer): while Self.send(connection, answer) {}
        case .hangUp: return
        case .silence: while Self.read(connection) != nil {}
        }
      }
    }
  }

  private static func read(_ connection: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let count = recv(connection, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  private static func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
  }
}
