package import Bytes
internal import ChainTypes

/// Walks a chain from its first record and says where it is broken.
package struct AuditChain: Sendable {
  package let tenant: String?
  /// The last record that holds.
  package private(set) var position: Int64 = 0
  package private(set) var hash = Hash32.zero

  package init(tenant: String?) { self.tenant = tenant }

  /// What is wrong with a chain, at the first place where something is.
  package enum Break: Error, Sendable, Equatable {
    /// A record isn't there: removed, or moved.
    case missing(position: Int64)
    /// A record's content isn't what its hash was made of.
    case changed(position: Int64)
    /// A record doesn't follow the one that stands before it.
    case unlinked(position: Int64)
    /// The chain ends before the record that its head names: its end was cut off.
    case cut(position: Int64, head: Int64)
    /// The chain goes on behind the record that the head in the database names.
    case beyondHead(position: Int64, head: Int64)
    /// The record that a head names is another one: the chain was made anew.
    case replaced(position: Int64)
  }

  /// Takes in the record that should be next.
  package mutating func take(_ record: AuditRecord) throws(Break) {
    guard record.position == position + 1 else { throw .missing(position: position + 1) }
    guard record.contentHash == record.hash, record.isWholeMilliseconds else {
      throw .changed(position: record.position)
    }
    guard record.previousHash == hash else { throw .unlinked(position: record.position) }
    position = record.position
    hash = record.hash
  }

  /// Holds the chain's end against the head that the database has of it.
  package func check(end head: AuditHead?) throws(Break) {
    let end = head?.position ?? 0
    guard position >= end else { throw .cut(position: position, head: end) }
    guard position == end else { throw .beyondHead(position: position, head: end) }
    guard head == nil || head?.hash == hash else { throw .replaced(position: position) }
  }
}

extension AuditRecord {
  /// The text shows no more of its time.
  fileprivate var isWholeMilliseconds: Bool { occurredAt.microseconds % 1_000 == 0 }
}
