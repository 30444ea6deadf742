package import Addresses
package import Bytes

/// A call of a token's contract (ERC-20) that moves or asks for a balance, as call data: the first
/// four bytes of the hash of the function's signature, and a word of 32 bytes for each argument.
package enum TokenCall: Hashable, Sendable {
  /// `transfer(address,uint256)`, with the value in the token's smallest unit.
  case transfer(to: EthereumAddress, value: UInt256)
  /// `balanceOf(address)`.
  case balanceOf(EthereumAddress)

  private static let transferSelector: [UInt8] = [0xa9, 0x05, 0x9c, 0xbb]
  private static let balanceSelector: [UInt8] = [0x70, 0xa0, 0x82, 0x31]

  /// From call data; nil for every other call, and where an address isn't padded with zeros or
  /// bytes follow: contracts take such calls, but nobody makes them by accident.
  package init?(_ input: [UInt8]) {
    switch (Array(input.prefix(4)), input.count) {
    case (Self.transferSelector, 68):
      guard let recipient = Self.address(input[4..<36]),
        let value = UInt256(bigEndian: input[36...])
      else { return nil }
      self = .transfer(to: recipient, value: value)
    case (Self.balanceSelector, 36):
      guard let account = Self.address(input[4...]) else { return nil }
      self = .balanceOf(account)
    default: return nil
    }
  }

  /// The call data.
  package var encoded: [UInt8] {
    switch self {
    case .transfer(let recipient, let value):
      Self.transferSelector + Self.word(recipient) + value.bigEndianBytes
    case .balanceOf(let account): Self.balanceSelector + Self.word(account)
    }
  }

  private static func word(_ address: EthereumAddress) -> [UInt8] {
    [UInt8](repeating: 0, count: 12) + address.hash.bytes
  }

  /// Of a word of 32 bytes.
  private static func address(_ word: ArraySlice<UInt8>) -> EthereumAddress? {
    guard word.prefix(12).allSatisfy({ $0 == 0 }) else { return nil }
    return Hash20(Array(word.suffix(20))).map { EthereumAddress($0) }
  }
}
