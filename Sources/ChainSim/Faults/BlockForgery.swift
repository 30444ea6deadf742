internal import Bitcoin
internal import Bytes
internal import ChainTypes

/// Bytes that a lying or broken node serves in place of a block.
package enum BlockForgery: Hashable, Sendable, CaseIterable {
  /// The block's parent.
  case anotherBlock
  /// One bit of the last transaction's first output.
  case flippedBit
  /// The last transactions twice, with the same merkle root (CVE-2012-2459). A block whose number
  /// of transactions is a power of two can't be mutated so, and comes as it is.
  case duplicatedTail
  /// A witness that the coinbase doesn't commit to; all txids are the true ones.
  case forgedWitness
  /// A nonce with which the hash doesn't meet the target.
  case insufficientWork
  /// The first half.
  case truncated

  func bytes(of stored: StoredBlock, parent: StoredBlock?) -> [UInt8] {
    var block = stored.block
    switch self {
    case .anotherBlock: return (parent ?? stored).bytes
    case .flippedBit:
      block.transactions[block.transactions.count - 1].outputs[0].value ^= 1
    case .duplicatedTail:
      let count = block.transactions.count
      // The level on which the number of nodes is odd repeats its last one.
      let span = 1 << count.trailingZeroBitCount
      if count > span { block.transactions += block.transactions.suffix(span) }
    case .forgedWitness:
      let last = block.transactions.count - 1
      // For a lone coinbase this is its reserved value.
      var witness = block.transactions[last].inputs[0].witness
      if witness.isEmpty { witness = [[0x00]] } else { witness[0].append(0x61) }
      block.transactions[last].inputs[0].witness = witness
    case .insufficientWork:
      let target = (try? CompactTarget(block.header.bits).target) ?? .zero
      repeat { block.header.nonce &+= 1 } while block.hash.littleEndianNumber <= target
    case .truncated:
      let bytes = stored.bytes
      return Array(bytes.prefix(bytes.count / 2))
    }
    return block.bytes
  }
}
