package import Bytes
package import ChainTracking
internal import Digests
internal import Glibc

/// All addresses that a watcher watches, as a file from which the set is filled again at the next
/// start: ten million in a second, where reading their rows takes ten and more.
///
/// What a snapshot lacks wouldn't be seen on the chain, so none is believed by itself. Its digest
/// stands in the database whose rows it has (`SnapshotRecords`). Addresses are only ever appended
/// there, and never changed, so a database that knows a digest has exactly the rows that it was
/// made of, also after it was restored from a backup. One that doesn't know it is another one, or
/// an older copy that may have gone on with other addresses: then, as with anything else that is
/// wrong, the set is filled from the rows. The snapshot holds no key of the set's table, which is
/// made anew at each start.
///
/// Numbers are of 8 bytes, little-endian:
///
///     "paywatch"       8 bytes
///     version          1
///     through          the ordinal of the last address; 1 to that one are all there
///     digest           32 bytes: SHA-256 of everything before and behind it
///     length, bytes    of each part of the set (`WatchSet.parts`), up to the file's end
package struct WatchSnapshot: Sendable, Hashable {
  /// The ordinals 1 to this one are in it, and no other.
  package let through: UInt64
  package let digest: Hash32

  package init(through: UInt64, digest: Hash32) {
    self.through = through
    self.digest = digest
  }

  static let headerBytes = hashedHeaderBytes + 32
  private static let hashedHeaderBytes = 24
  private static let magic = Array("paywatch".utf8)
  private static let version: UInt64 = 1

  /// What stands before the digest.
  static func hashedHeader(through: UInt64) -> [UInt8] {
    magic + bytes(of: version) + bytes(of: through)
  }

  static func bytes(of number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  var header: [UInt8] { Self.hashedHeader(through: through) + digest.bytes }

  /// Of a file's first `headerBytes`.
  init(header: [UInt8]) throws(Refusal) {
    guard header.count == Self.headerBytes, header.starts(with: Self.magic) else {
      throw .notASnapshot
    }
    let version = Self.number(header[8..<16])
    guard version == Self.version else { throw .otherVersion(version) }
    through = Self.number(header[16..<24])
    digest = Hash32(bytes: header.span.bytes, at: Self.hashedHeaderBytes)
  }

  /// Why a snapshot isn't believed, or none is made.
  package enum Refusal: Error, Equatable {
    case unreadable(code: Int32)
    case notASnapshot
    case otherVersion(UInt64)
    /// The database hasn't recorded it.
    case unknown
    /// It is shorter or longer than its parts.
    case cut
    case damaged(BadPart)
    case otherDigest
    case unwritable(code: Int32)
    /// Another process writes it.
    case busy
    /// The set hasn't each ordinal up to its last.
    case incomplete(addresses: Int, through: UInt64)
  }
}

extension WatchSnapshot.Refusal: CustomStringConvertible {
  package var description: String {
    func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
    return switch self {
    case .unreadable(let code): "it can't be read: \(reason(code))"
    case .notASnapshot: "the file is none"
    case .otherVersion(let version): "its form is version \(version), which isn't known"
    case .unknown: "this database hasn't recorded it: it is of another one, or of a later state"
    case .cut: "it ends too early, or too late"
    case .damaged(let part): "it is damaged: \(part)"
    case .otherDigest: "it is damaged: its bytes have another digest"
    case .unwritable(let code): "it can't be written: \(reason(code))"
    case .busy: "another process is writing it"
    case .incomplete(let addresses, let through):
      "\(addresses) addresses are watched up to ordinal \(through)"
    }
  }
}
