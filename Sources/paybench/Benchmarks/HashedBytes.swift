internal import Bitcoin
internal import Bytes
internal import Digests

/// All that has to be hashed to verify a block, copied out and laid side by side: the header, every
/// transaction without its witness, those with one also as a whole, and 64 bytes for each node of
/// both merkle trees. Hashing it is the least that any verification must do.
struct HashedBytes {
  private var bytes: [UInt8] = []
  private var ranges: [Range<Int>] = []

  init(of blockBytes: [UInt8]) throws {
    let block = try Block(bytes: blockBytes)
    append(block.header.bytes)
    for transaction in block.transactions {
      let (stripped, whole) = (transaction.strippedBytes, transaction.bytes)
      append(stripped)
      if whole != stripped { append(whole) }
    }
    for _ in 0..<2 {
      var width = block.transactions.count
      while width > 1 {
        width = (width + 1) / 2
        for _ in 0..<width { append([UInt8](repeating: UInt8(width & 0xff), count: 64)) }
      }
    }
    // The commitment: the witness root and the reserved value.
    append([UInt8](repeating: 0, count: 64))
  }

  func hash() {
    let all = bytes.span.bytes
    for range in ranges { Sink.take(SHA256d.hash(all.extracting(range)).words.0) }
  }

  private mutating func append(_ part: [UInt8]) {
    ranges.append(bytes.count..<bytes.count + part.count)
    bytes += part
  }
}
