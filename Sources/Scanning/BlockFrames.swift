internal import ChainTypes

/// Blocks one after another as Bitcoin Core stores them: message start (4 bytes), length (4 bytes,
/// little-endian), block. Zeros fill the rest of a file.
struct BlockFrames: ~Escapable {
  private let bytes: RawSpan
  private let messageStart: [UInt8]
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, network: BitcoinNetwork) {
    self.bytes = bytes
    messageStart = network.messageStart
  }

  /// Whether the bytes begin with any network's message start. A block's own first bytes are its
  /// version, which never looks like one.
  var areThere: Bool {
    guard bytes.byteCount >= 8 else { return false }
    let start = four(at: 0)
    return BitcoinNetwork.Kind.allCases.contains { BitcoinNetwork($0).messageStart == start }
  }

  @_lifetime(self: copy self)
  @_lifetime(copy self)
  mutating func next() throws(BlockFileError) -> RawSpan? {
    guard bytes.byteCount - offset >= 8 else { return nil }
    let start = four(at: offset)
    if start == [0, 0, 0, 0] { return nil }
    guard start == messageStart else { throw .wrongMessageStart(start) }
    // 8 bytes were there.
    let length = Int(
      UInt32(
        littleEndian: bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset + 4, as: UInt32.self)))
    let body = offset + 8
    guard length <= bytes.byteCount - body else {
      throw .truncated(bytes: length, remaining: bytes.byteCount - body)
    }
    offset = body + length
    return bytes.extracting(body..<offset)
  }

  /// The caller has checked that four bytes are there.
  private func four(at offset: Int) -> [UInt8] {
    (offset..<offset + 4).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
  }
}

extension BitcoinNetwork {
  /// The four bytes before each message between peers, and before each stored block.
  var messageStart: [UInt8] {
    switch kind {
    case .mainnet: [0xf9, 0xbe, 0xb4, 0xd9]
    case .testnet3: [0x0b, 0x11, 0x09, 0x07]
    case .testnet4: [0x1c, 0x16, 0x3f, 0x28]
    case .signet: [0x0a, 0x03, 0xcf, 0x40]
    case .regtest: [0xfa, 0xbf, 0xb5, 0xda]
    }
  }
}
