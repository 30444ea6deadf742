internal import Addresses
internal import Bytes
internal import ChainTypes

/// Other people's payments: ether and tokens to accounts of their own, in a fixed mixture.
package struct EthereumTraffic: Sendable {
  private var random: SplitMix64
  private let tokens: [EthereumAddress]
  private let accountCount: Int

  package init(_ options: EthereumChainOptions, seed: UInt64) {
    random = SplitMix64(seed: seed)
    tokens = options.contracts.filter { $0.contract == .usdCoin || $0.contract == .tether }
      .map(\.address)
    accountCount = options.accountCount
  }

  /// One payment in four is of ether, the others of tokens where there are any; two in three go to
  /// an account that nobody has used.
  package mutating func next() -> EthereumOrder {
    let isKnown = random.next() % 3 == 0
    let number = isKnown ? random.next() % 1_000 : random.next()
    var bytes = [UInt8](repeating: 0xaa, count: 12)
    bytes.append(bigEndian: number)
    let recipient = EthereumAddress(Hash20(bytes: bytes.span.bytes, at: 0))
    let value = UInt256(1 + random.next() % 1_000_000)
    let choice = random.next()
    let order: EthereumOrder
    if choice % 4 == 0 || tokens.isEmpty {
      order = .ether(value, to: recipient)
    } else {
      order = .token(tokens[Int(choice / 4 % UInt64(tokens.count))], value, to: recipient)
    }
    return order.by(account: Int(random.next() % UInt64(accountCount)))
  }
}

extension SimulatedEthereumNode {
  /// Makes blocks of so many payments each, beside what waits.
  package func mineTraffic(
    blocks: Int, transactions: Int, seed: UInt64
  ) throws {
    var traffic = EthereumTraffic(options, seed: seed)
    for _ in 0..<max(blocks, 0) {
      for _ in 0..<max(transactions, 0) { try send(traffic.next()) }
      try mine()
    }
  }
}
