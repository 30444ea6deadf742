internal import Foundation
internal import Glibc
internal import HTTPServer
package import JSON

/// One HTTP/1.1 connection over a loopback socket, blocking on a thread of its own for each call.
package final class TestConnection: Sendable {
  private let socket: Int32
  private let queue = DispatchQueue(label: "test connection")

  package struct Answer: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [String: String]
    package let body: String

    package func json() throws -> JSONValue { try JSONValue(parsing: Array(body.utf8)) }

    /// The last part of a problem's type; nil where the answer is none.
    package var problemType: String? {
      guard case .string(let type)? = try? json()["type"] else { return nil }
      return type.split(separator: ":").last.map(String.init)
    }
  }

  package struct Failure: Error {
    package let message: String
  }

  package init(port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    // A test that waits for what never comes fails instead of hanging.
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure(message: "connect: \(errno)") }
  }

  deinit { close(socket) }

  package func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
  ) async throws -> Answer {
    try await request(method, path, headers: headers, body: body)
    return try await answer(isHead: method == "HEAD")
  }

  /// Sends a request without waiting for its answer.
  package func request(
    _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
  ) async throws {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    var headers = headers
    if let body {
      headers["Content-Length"] = String(body.utf8.count)
      headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
    }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    try await write(text + "\r\n" + (body ?? ""))
  }

  package func write(_ text: String) async throws {
    let bytes = Array(text.utf8)
    try await blocking { [socket] in
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.send(
            socket, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw Failure(message: "send: \(errno)") }
        sent += count
      }
    }
  }

  package func answer(isHead: Bool = false) async throws -> Answer {
    let head = try await line(endingIn: "\r\n\r\n")
    let lines = head.split(separator: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { throw Failure(message: "no status line: \(head)") }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let length = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    return Answer(status: status, headers: headers, body: try await read(count: length))
  }

  /// The next chunk of a chunked body; nil at its end.
  package func chunk() async throws -> String? {
    let size = try await line(endingIn: "\r\n").trimmingCharacters(in: .whitespacesAndNewlines)
    guard let count = Int(size, radix: 16) else { throw Failure(message: "chunk size: \(size)") }
    let text = try await read(count: count)
    _ = try await line(endingIn: "\r\n")
    return count == 0 ? nil : text
  }

  /// The next chunk that isn't a comment; nil at the end.
  package func event() async throws -> String? {
    while let chunk = try await chunk() {
      if !chunk.hasPrefix(":") { return chunk }
    }
    return nil
  }

  private func line(endingIn end: String) async throws -> String {
    let end = Array(end.utf8)
    return try await blocking { [socket] in
      var bytes: [UInt8] = []
      while bytes.suffix(end.count) != end[...] {
        var byte: UInt8 = 0
        guard recv(socket, &byte, 1, 0) == 1 else {
          throw Failure(
            message: "connection ended after: \(String(decoding: bytes, as: UTF8.self))")
        }
        bytes.append(byte)
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private func read(count: Int) async throws -> String {
    try await blocking { [socket] in
      var bytes: [UInt8] = []
      while bytes.count < count {
        var buffer = [UInt8](repeating: 0, count: count - bytes.count)
        let received = recv(socket, &buffer, buffer.count, 0)
        guard received > 0 else { throw Failure(message: "the body is cut off") }
        bytes += buffer.prefix(received)
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private func blocking<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try work() }) }
    }
  }
}
