internal import Glibc

/// Free TCP ports of 127.0.0.1.
package enum LocalPorts {
  /// Different ports on which nobody listens. Another process may take one before its user does;
  /// the kernel gives them out in turn, so that is rare.
  package static func free(_ count: Int = 1) throws -> [UInt16] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard descriptor >= 0 else { throw LocalServerError.failed("no socket to be had") }
      sockets.append(descriptor)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let found = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          bind(descriptor, address, length) == 0
            && getsockname(descriptor, address, &length) == 0
        }
      }
      guard found else { throw LocalServerError.failed("no free port on 127.0.0.1") }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  package static func one() throws -> UInt16 {
    guard let port = try free(1).first else {
      throw LocalServerError.failed("no free port on 127.0.0.1")
    }
    return port
  }

  /// Whether somebody listens on a port of 127.0.0.1.
  package static func accepts(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
