package import Addresses
package import Bytes

/// An ERC-20 `Transfer(address indexed from, address indexed to, uint256 value)`, read strictly.
///
/// Any contract can log one. Who calls decides by `contract`, and by nothing else, what it is
/// worth.
package struct TokenTransfer: Hashable, Sendable {
  package let contract: EthereumAddress
  package let from: EthereumAddress
  package let to: EthereumAddress
  /// In the token's smallest unit. Zero moves nothing, and anyone can log it for any two addresses:
  /// look-alike addresses are planted in histories that way.
  package let value: UInt256

  /// The hash of `Transfer(address,address,uint256)`.
  package static let topic = Hash32(
    bigEndian: UInt256(
      limbs: (
        0x28f5_5a4d_f523_b3ef, 0x952b_a7f1_63c4_a116, 0x69c2_b068_fc37_8daa, 0xddf2_52ad_1be2_c89b
      )))

  /// From Amsterdam on the protocol itself logs every movement of ether with this topic, as this
  /// address (EIP-7708): the same value as the transaction's or the call's, so never a token.
  package static let systemAddress = EthereumAddress(
    Hash20(bytes: ([UInt8](repeating: 0xff, count: 19) + [0xfe]).span.bytes, at: 0))

  package init(
    contract: EthereumAddress, from: EthereumAddress, to: EthereumAddress, value: UInt256
  ) {
    self.contract = contract
    self.from = from
    self.to = to
    self.value = value
  }

  /// Nil where the log isn't one: another topic, another number of topics than three (an ERC-721
  /// has four), other than 32 bytes of data, an address not padded with zeros, ether's own log.
  package init?(_ log: EthereumLog) {
    guard log.topics.count == 3, log.topics[0] == Self.topic, log.data.count == 32,
      let from = log.topics[1].paddedAddress, let to = log.topics[2].paddedAddress,
      log.address != Self.systemAddress
    else { return nil }
    contract = log.address
    self.from = from
    self.to = to
    value = UInt256(bigEndian: log.data.span.bytes)
  }

  /// The same from the reader's next item, an encoded log; nothing is copied.
  static func read(_ reader: inout RLPReader, topic: Hash32) throws(RLPError) -> TokenTransfer? {
    let list = try reader.readList()
    var fields = reader.reader(of: list)
    let contract = try fields.readAddress()
    let topics = try fields.readList()
    let data = try fields.readString()
    // Three strings of 32 bytes: their bytes begin at 1, 34 and 67.
    guard topics.payload.count == 99, data.payload.count == 32 else { return nil }
    let bytes = fields.bytes
    let start = topics.payload.lowerBound
    guard Hash32(bytes: bytes, at: start + 1) == topic,
      let from = Hash32(bytes: bytes, at: start + 34).paddedAddress,
      let to = Hash32(bytes: bytes, at: start + 67).paddedAddress,
      contract != systemAddress
    else { return nil }
    return TokenTransfer(
      contract: contract, from: from, to: to,
      value: UInt256(bigEndian: Hash32(bytes: bytes, at: data.payload.lowerBound)))
  }
}

extension Hash32 {
  /// The address in the last 20 of 32 bytes; nil where the first twelve aren't zero.
  package var paddedAddress: EthereumAddress? {
    guard words.0 == 0, UInt32(truncatingIfNeeded: words.1.littleEndian) == 0 else { return nil }
    // The last half of a word, and two words, of which each half moves into the one before.
    let (a, b, c) = (words.1.littleEndian, words.2.littleEndian, words.3.littleEndian)
    var hash = Hash20()
    hash.words = (
      (a >> 32 | b << 32).littleEndian, (b >> 32 | c << 32).littleEndian,
      UInt32(truncatingIfNeeded: c >> 32).littleEndian
    )
    return EthereumAddress(hash)
  }
}
