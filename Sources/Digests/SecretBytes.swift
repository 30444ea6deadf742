internal import COpenSSL

/// Bytes that are overwritten when nobody holds them any more, and that no text ever shows.
///
/// For private keys and seeds: only `payctl` and tests hold such values, a server never does.
// Safe to share: the bytes are written by the initialisers and erased by `deinit` alone, when no
// other thread can see the object.
package final class SecretBytes: @unchecked Sendable {
  private let storage: UnsafeMutableRawBufferPointer
  private let release: @Sendable (UnsafeMutableRawBufferPointer) -> Void

  /// `byteCount` bytes that `fill` writes; they are zero before.
  ///
  /// - Parameter release: gives the memory back, overwritten; a test looks at it first
  package init(
    byteCount: Int,
    release: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void = { $0.deallocate() },
    fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(byteCount >= 0, "a byte count is never negative")
    self.release = release
    storage = .allocate(byteCount: byteCount, alignment: 16)
    storage.initializeMemory(as: UInt8.self, repeating: 0)
    fill(storage)
  }

  /// A copy. The caller looks after the original.
  package convenience init(copying bytes: RawSpan) {
    self.init(byteCount: bytes.byteCount) { buffer in
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
    }
  }

  deinit {
    Self.erase(storage)
    release(storage)
  }

  package var byteCount: Int { storage.count }

  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Whoever holds the only reference may be done with it before `body` is.
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(storage))
  }

  /// Overwrites memory that held a secret, in a way the compiler doesn't drop.
  package static func erase(_ buffer: UnsafeMutableRawBufferPointer) {
    OPENSSL_cleanse(buffer.baseAddress, buffer.count)
  }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<\(byteCount) secret bytes>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
