/// A text as C wants it, ending with a zero byte, for as long as this lives.
package final class CText: Sendable {
  // Safe: its bytes are written by the initialiser alone and freed after the last use.
  package nonisolated(unsafe) let pointer: UnsafePointer<CChar>
  private let count: Int

  /// Without U+0000.
  package init(_ text: String) {
    let bytes = text.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    for (index, byte) in bytes.enumerated() { (copy + index).initialize(to: byte) }
    pointer = UnsafePointer(copy)
    count = bytes.count - 1
  }

  deinit { pointer.deallocate() }

  /// The text's bytes, without the zero.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: pointer, count: count) }
}
