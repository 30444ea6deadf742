internal import Bytes
internal import ChainTypes
internal import Digests
internal import Ethereum

extension TransferPosition {
  init(_ position: EthereumTransfer.Position) {
    switch position {
    case .value: self = .value
    case .log(let index): self = .log(index)
    case .trace(let path): self = .trace(Self.bounded(path))
    }
  }

  /// A path that is deeper than any honest one is told by its Keccak-256, as eight numbers: no call
  /// has so many siblings that these could be a path of their own. Without a bound anyone could
  /// make an identity that fits no key.
  private static func bounded(_ path: [UInt32]) -> [UInt32] {
    guard path.count > 16 else { return path }
    let bytes = path.flatMap { index in
      stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: index >> UInt32($0)) }
    }
    let digest = Keccak256.hash(bytes).bytes
    return stride(from: 0, to: digest.count, by: 4).map { start in
      digest[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }
}
