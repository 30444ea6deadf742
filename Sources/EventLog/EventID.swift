package import Bytes
internal import Digests

/// The deterministic id of an event: SHA-256 over
///
///     length of type (4 bytes, big-endian) | type (UTF-8)
///     length of subject (4 bytes, big-endian) | subject (UTF-8)
///     sequence (8 bytes, big-endian)
///     cause (32 bytes)
///
/// so that no two different events encode alike. The cause is the digest of the recorded fact
/// that made the event; a replay of the facts gives the same ids in every region.
package enum EventID {
  package static func digest(
    type: String, subject: String, sequence: Int64, cause: Hash32
  ) -> Hash32 {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(type.utf8.count + subject.utf8.count + 48)
    // `EventDraft.validate` bounds both texts far below 4 GiB.
    bytes.append(bigEndian: UInt32(truncatingIfNeeded: type.utf8.count))
    bytes.append(contentsOf: type.utf8)
    bytes.append(bigEndian: UInt32(truncatingIfNeeded: subject.utf8.count))
    bytes.append(contentsOf: subject.utf8)
    bytes.append(bigEndian: UInt64(bitPattern: sequence))
    bytes.append(cause)
    return SHA256.hash(bytes)
  }
}
