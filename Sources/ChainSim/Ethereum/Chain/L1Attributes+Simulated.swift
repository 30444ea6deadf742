internal import Bytes
internal import Ethereum

extension L1Attributes {
  /// What a simulated OP-stack chain's block of that number tells of its parent chain: Base's
  /// scalars, prices that move from block to block, and an operator fee.
  static func simulated(at number: UInt64) -> L1Attributes {
    L1Attributes(
      baseFeeScalar: 2_269, blobBaseFeeScalar: 1_055_762,
      baseFee: UInt256(2_000_000_000 + number % 8 * 1_000_003),
      blobBaseFee: UInt256(1 + number % 3),
      operatorFee: .init(scalar: 12_347, constant: 1_013, isJovian: false))
  }

  /// The calldata of `setL1BlockValuesIsthmus()`. What isn't among the attributes is zero.
  var isthmusCalldata: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: Selector.isthmus.rawValue)
    bytes.append(bigEndian: baseFeeScalar)
    bytes.append(bigEndian: blobBaseFeeScalar)
    bytes += [UInt8](repeating: 0, count: 24)
    bytes += baseFee.bigEndianBytes
    bytes += blobBaseFee.bigEndianBytes
    bytes += [UInt8](repeating: 0, count: 64)
    bytes.append(bigEndian: operatorFee?.scalar ?? 0)
    bytes.append(bigEndian: operatorFee?.constant ?? 0)
    return bytes
  }
}
