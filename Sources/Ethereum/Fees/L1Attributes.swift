package import Addresses
package import Bytes
internal import Keys

/// What an OP-stack chain knows of its parent chain in a block, and takes from each sender by it,
/// besides gas: the L1 fee for a transaction's data, and the operator fee. Deposits pay neither.
///
/// It is in the calldata of the block's first transaction, a deposit of the chain's own, so the
/// transactions root covers it. The forms since Ecotone are read (op-geth's
/// `core/types/rollup_cost.go`; OP Stack specification, L1 attributes of Ecotone, Isthmus, Jovian),
/// and Fjord's formula is computed: blocks between Ecotone and Fjord (2024) took something else.
package struct L1Attributes: Hashable, Sendable {
  /// Millionths.
  package var baseFeeScalar: UInt32
  package var blobBaseFeeScalar: UInt32
  /// Of the parent chain's block, in wei per gas.
  package var baseFee: UInt256
  package var blobBaseFee: UInt256
  /// Nil before Isthmus.
  package var operatorFee: OperatorFee?

  package struct OperatorFee: Hashable, Sendable {
    package var scalar: UInt32
    /// Wei.
    package var constant: UInt64
    /// Since Jovian the scalar is hundreds of wei per gas, before it millionths of one.
    package var isJovian: Bool

    package init(scalar: UInt32, constant: UInt64, isJovian: Bool) {
      self.scalar = scalar
      self.constant = constant
      self.isJovian = isJovian
    }
  }

  package init(
    baseFeeScalar: UInt32, blobBaseFeeScalar: UInt32, baseFee: UInt256, blobBaseFee: UInt256,
    operatorFee: OperatorFee?
  ) {
    self.baseFeeScalar = baseFeeScalar
    self.blobBaseFeeScalar = blobBaseFeeScalar
    self.baseFee = baseFee
    self.blobBaseFee = blobBaseFee
    self.operatorFee = operatorFee
  }
}

// Reading.
extension L1Attributes {
  /// The contract that is told them: 0x4200…0015.
  package static let predeploy = EthereumAddress(
    Hash20(bytes: ([0x42] + [UInt8](repeating: 0, count: 18) + [0x15]).span.bytes, at: 0))

  /// The first four bytes of the calldata, of Keccak-256 of the function's signature.
  package enum Selector: UInt32, Sendable {
    /// `setL1BlockValuesEcotone()`.
    case ecotone = 0x440a_5e20
    /// `setL1BlockValuesIsthmus()`.
    case isthmus = 0x0989_99be
    /// `setL1BlockValuesJovian()`.
    case jovian = 0x3db6_be2b

    fileprivate var byteCount: Int {
      switch self {
      case .ecotone: 164
      case .isthmus: 176
      case .jovian: 178
      }
    }
  }

  /// From a block's first transaction; nil where it is something else, or has a form that isn't
  /// known: Bedrock's, or one of a later fork.
  package init?(_ transaction: EthereumTransaction) {
    guard transaction.type == .deposit, transaction.recipient == Self.predeploy else { return nil }
    self.init(calldata: transaction.input)
  }

  /// Numbers have their most significant byte first and follow one another without gaps: after the
  /// selector both scalars (4 bytes each), the sequence number, time and number of the parent
  /// chain's block (8 each), its base fee, blob base fee, hash, and the batcher's (32 each); since
  /// Isthmus the operator fee's scalar (4) and constant (8), since Jovian the data footprint's
  /// scalar (2), which is none of a sender's fees.
  package init?(calldata: [UInt8]) {
    var reader = ByteReader(calldata.span.bytes)
    do {
      guard let selector = Selector(rawValue: try reader.readBigEndian(UInt32.self)),
        calldata.count == selector.byteCount
      else { return nil }
      baseFeeScalar = try reader.readBigEndian(UInt32.self)
      blobBaseFeeScalar = try reader.readBigEndian(UInt32.self)
      try reader.skip(3 * 8)
      baseFee = UInt256(bigEndian: try reader.readHash32())
      blobBaseFee = UInt256(bigEndian: try reader.readHash32())
      try reader.skip(2 * 32)
      guard selector != .ecotone else { return }
      operatorFee = OperatorFee(
        scalar: try reader.readBigEndian(UInt32.self),
        constant: try reader.readBigEndian(UInt64.self), isJovian: selector == .jovian)
    } catch {
      return nil
    }
  }
}

// What is taken. All in wei; nil where it doesn't fit 256 bits.
extension L1Attributes {
  /// Fjord's least size of a transaction, in millionths of a byte as all sizes here.
  private static let leastSize: UInt256 = 100_000_000
  /// How large compressing with what the batcher uses makes it, by regression over what FastLZ
  /// makes it: so much for each byte, less the intercept.
  private static let sizePerByte: UInt256 = 836_500
  private static let sizeIntercept: UInt256 = 42_585_600

  /// What one transaction costs its sender besides the gas that it used.
  ///
  /// - Parameter encoded: signed, as it stands in the block
  package func fee(of encoded: RawSpan, gasUsed: UInt64) -> UInt256? {
    guard let data = l1Fee(compressed: FastLZ.compressedLength(of: encoded)),
      let share = operatorFee(gas: gasUsed)
    else { return nil }
    return try? data.adding(share)
  }

  /// What is kept ready for a transaction so that prices which rise don't keep it out: twice what
  /// its data costs now, whatever its signature and however badly it compresses, and the operator
  /// fee of all its gas.
  package func offer(for unsigned: EthereumTransaction) -> UInt256? {
    let ones = Hash32(bigEndian: .max)
    let byteCount = unsigned.with(RecoverableSignature(r: ones, s: ones, isOdd: true)).encoded.count
    guard let data = l1Fee(compressed: FastLZ.longest(byteCount: byteCount)),
      let share = operatorFee(gas: unsigned.gasLimit)
    else { return nil }
    return try? data.multiplied(by: 2).adding(share)
  }

  /// Of a transaction that FastLZ makes so many bytes.
  package func l1Fee(compressed length: Int) -> UInt256? {
    do {
      let size = try Self.sizePerByte.multiplied(by: UInt256(UInt64(max(length, 0))))
        .subtractingOrZero(Self.sizeIntercept)
      let calldata = try baseFee.multiplied(by: UInt256(16 * UInt64(baseFeeScalar)))
      let blobs = try blobBaseFee.multiplied(by: UInt256(UInt64(blobBaseFeeScalar)))
      return try calldata.adding(blobs).multiplied(by: max(size, Self.leastSize))
        .divided(by: 1_000_000_000_000).quotient
    } catch {
      return nil
    }
  }

  /// Taken of the gas limit first, and given back down to what was used.
  package func operatorFee(gas: UInt64) -> UInt256? {
    guard let operatorFee else { return .zero }
    do {
      let product = try UInt256(gas).multiplied(by: UInt256(UInt64(operatorFee.scalar)))
      let share =
        operatorFee.isJovian
        ? try product.multiplied(by: 100) : try product.divided(by: 1_000_000).quotient
      return try share.adding(UInt256(operatorFee.constant))
    } catch {
      return nil
    }
  }
}
