internal import Bytes
internal import Ethereum

/// What a gas costs in the next block (EIP-1559): an eighth more where the block was full, an
/// eighth less where it was empty.
enum BaseFee {
  static func next(after header: EthereumHeader) -> UInt256 {
    let base = header.baseFeePerGas ?? .zero
    let target = header.gasLimit / 2
    guard target > 0, header.gasUsed != target else { return base }
    let isAbove = header.gasUsed > target
    let distance = isAbove ? header.gasUsed - target : target - header.gasUsed
    let product = base.timesWord(distance)
    let part = (try? product.divided(by: UInt256(target)).quotient) ?? .zero
    let delta = part.shiftedRight(by: 3)
    return isAbove
      ? base.addingReportingOverflow(max(delta, .one)).sum : base.subtractingOrZero(delta)
  }
}
