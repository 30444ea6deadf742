package import Bitcoin
package import ChainTypes

/// The height that a block's coinbase states: the first push of its scriptSig, a little-endian
/// script number, in blocks of version 2 and up (BIP-0034).
package enum CoinbaseHeight {
  /// Nil where the block is of version 1, states none, or can't be read that far.
  ///
  /// Nobody has checked it: a miner of that time, or whoever wrote the file, may have put anything
  /// there.
  package static func stated(in block: RawSpan) -> UInt32? {
    do {
      var reader = WireReader(block)
      guard try BlockHeader(reading: &reader).version >= 2 else { return nil }
      _ = try reader.readCompactSize()
      try reader.skip(4)
      var ahead = reader
      // The segwit marker and its flag (BIP-0144).
      if try ahead.readUInt16() == 0x0100 { reader = ahead }
      guard try reader.readCompactSize() == 1 else { return nil }
      try reader.skip(36)
      return try number(startOf: reader.readSizedBytes())
    } catch {
      return nil
    }
  }

  private static func number(startOf script: RawSpan) throws(BitcoinDecodingError) -> UInt32? {
    var reader = WireReader(script)
    let opcode = try reader.readUInt8()
    // OP_1 to OP_16.
    if (0x51...0x60).contains(opcode) { return UInt32(opcode - 0x50) }
    guard (1...4).contains(opcode) else { return nil }
    var height: UInt32 = 0
    var last: UInt8 = 0
    for place in 0..<UInt32(opcode) {
      last = try reader.readUInt8()
      height |= UInt32(last) << (8 * place)
    }
    // The highest bit is the sign.
    return last < 0x80 ? height : nil
  }
}

extension BlockVerification {
  /// What a block that comes alone, without its place in the chain, needs.
  ///
  /// By the height that its coinbase states. Without one, a block of version 1 is older than
  /// segwit, because mainnet and testnet3 refuse version 1 long before it begins; any other is
  /// verified in full. A false height gains nothing: a witness is refused below segwit's height and
  /// has to be committed to above it.
  package init(ofLooseBlock block: RawSpan, network: BitcoinNetwork) {
    if let height = CoinbaseHeight.stated(in: block) {
      self.init(height: height, network: network)
    } else if let header = try? BlockHeader(bytes: block.extracting(first: 80)),
      header.version < 2, network.segwitHeight > 1
    {
      self = .beforeSegwit
    } else {
      self = .full
    }
  }
}
