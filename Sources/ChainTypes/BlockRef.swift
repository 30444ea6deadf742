package import Bytes

/// A block: its height and its hash, never one alone.
package struct BlockRef: Hashable, Sendable, Codable, CustomStringConvertible {
  package let height: UInt32
  /// Internal byte order.
  package let hash: Hash32

  package init(height: UInt32, hash: Hash32) {
    self.height = height
    self.hash = hash
  }

  package var description: String { "\(height):\(hash.displayHex)" }
}
