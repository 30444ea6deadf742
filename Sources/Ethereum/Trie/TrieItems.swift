internal import Bytes

/// The values of a trie whose keys are rlp(0), rlp(1), …: a block's transactions, receipts or
/// withdrawals, each encoded, one behind another in one run of bytes.
package struct TrieItems: Hashable, Sendable {
  package private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  package init() {}

  package init(_ items: [[UInt8]]) {
    for item in items { append(item) }
  }

  package var count: Int { ends.count }

  package mutating func append(_ item: [UInt8]) {
    bytes.append(contentsOf: item)
    ends.append(bytes.count)
  }

  /// Adds one item that `body` writes; where it throws, no item is added.
  package mutating func append<Failure: Error>(
    _ body: (inout RLPWriter) throws(Failure) -> Void
  ) throws(Failure) {
    var writer = RLPWriter()
    swap(&writer.bytes, &bytes)
    defer { swap(&writer.bytes, &bytes) }
    let start = writer.bytes.count
    do {
      try body(&writer)
    } catch {
      writer.bytes.removeSubrange(start...)
      throw error
    }
    ends.append(writer.bytes.count)
  }

  /// Where an item stands in `bytes`.
  package func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// A copy of one item.
  package subscript(index: Int) -> [UInt8] { Array(bytes[range(of: index)]) }
}
