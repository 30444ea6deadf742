internal import CSecp256k1

/// libsecp256k1's context, made once for the whole process.
///
/// The library allows any number of threads to use a context that nobody changes, and nothing
/// changes it after its first use. It is blinded with random numbers, against side channels of
/// operations on secrets; they change no result, so this target's functions stay pure.
enum Secp256k1 {
  // Safe to share: made before anyone has it, and never changed afterwards.
  private struct Context: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private static let shared: Context = {
    guard let pointer = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
      preconditionFailure("libsecp256k1 has no memory for its context")
    }
    var generator = SystemRandomNumberGenerator()
    var seed: [4 of UInt64] = [
      generator.next(), generator.next(), generator.next(), generator.next(),
    ]
    let randomized = withUnsafeBytes(of: &seed) {
      secp256k1_context_randomize(pointer, $0.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    precondition(randomized == 1, "libsecp256k1 must blind its context")
    return Context(pointer: pointer)
  }()

  static var context: OpaquePointer { shared.pointer }
}

extension UnsafeRawBufferPointer {
  /// The bytes as libsecp256k1 takes them; the caller has checked that there are at least `count`,
  /// which isn't 0: a buffer with bytes in it has an address.
  func bytes(_ count: Int) -> UnsafePointer<UInt8> {
    precondition(count > 0, "something must be read")
    precondition(self.count >= count, "the buffer must hold what is read")
    return baseAddress!.assumingMemoryBound(to: UInt8.self)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The same for bytes that libsecp256k1 writes.
  func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    precondition(count > 0, "something must be written")
    precondition(self.count >= count, "the buffer must hold what is written")
    return baseAddress!.assumingMemoryBound(to: UInt8.self)
  }
}
