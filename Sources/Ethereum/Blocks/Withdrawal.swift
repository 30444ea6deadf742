package import Addresses
package import Bytes

/// Ether that a validator has taken out of the beacon chain: it is in the recipient's balance with
/// the block, without any transaction (EIP-4895).
package struct Withdrawal: Hashable, Sendable {
  package let index: UInt64
  package let validatorIndex: UInt64
  package let recipient: EthereumAddress
  /// Gwei: 10⁹ wei.
  package let gwei: UInt64

  package init(index: UInt64, validatorIndex: UInt64, recipient: EthereumAddress, gwei: UInt64) {
    self.index = index
    self.validatorIndex = validatorIndex
    self.recipient = recipient
    self.gwei = gwei
  }

  /// From its form in the withdrawals trie.
  package init(rlp bytes: RawSpan) throws(RLPError) {
    var reader = try RLPReader(list: bytes)
    index = try reader.readUInt64()
    validatorIndex = try reader.readUInt64()
    recipient = try reader.readAddress()
    gwei = try reader.readUInt64()
    try reader.expectEnd()
  }

  package func append(to writer: inout RLPWriter) {
    writer.appendList { writer in
      writer.append(index)
      writer.append(validatorIndex)
      writer.append(recipient)
      writer.append(gwei)
    }
  }

  package var rlp: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer)
    return writer.bytes
  }

  /// Wei.
  package var value: UInt256 {
    let (high, low) = gwei.multipliedFullWidth(by: 1_000_000_000)
    return UInt256(limbs: (low, high, 0, 0))
  }
}
