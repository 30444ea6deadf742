internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

/// Sells over several APIs at once, for coins and tokens of both chains, and its customers pay.
actor DemoShop {
  private let apis: [DemoAPI]
  private let nodes: DemoNodes
  private var sold = 0
  private var unsettled: Set<String> = []

  init(apis: [DemoAPI], nodes: DemoNodes) {
    self.apis = apis
    self.nodes = nodes
  }

  /// Makes that many payments, pays each as soon as it has an address, mines now and then, and
  /// returns once all are paid.
  func sell(_ count: Int) async throws {
    let first = sold
    sold += count
    let ids = try await Self.sell(first..<first + count, over: apis, nodes)
    unsettled.formUnion(ids)
    try await wait(for: ids, ["paid", "settled"])
  }

  private static func sell(
    _ orders: Range<Int>, over apis: [DemoAPI], _ nodes: DemoNodes
  ) async throws -> Set<String> {
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in orders {
        let api = apis[number / Sale.all.count % apis.count]
        let sale = Sale.all[number % Sale.all.count]
        group.addTask {
          let payment = try await api.createPayment(
            order: "order-\(number)", chain: sale.chain, asset: sale.asset, amount: sale.amount,
            expiresIn: 900)
          try sale.pay(payment.address, nodes)
          return payment.id
        }
      }
      var ids: Set<String> = []
      for try await id in group { ids.insert(id) }
      return ids
    }
  }

  /// What is asked for in turn, and how it is paid.
  private struct Sale: Sendable {
    let chain: String
    let asset: String
    let amount: String
    let pay: @Sendable (_ address: String, DemoNodes) throws -> Void

    static let all = [
      Sale(chain: "bitcoin-regtest", asset: "BTC", amount: "0.01") { address, nodes in
        let output = try BitcoinAddress(address, network: BitcoinNetwork(.regtest)).output
        _ = try nodes.bitcoin.pay(output.scriptPubKey, value: 1_000_000)
      },
      Sale(chain: EthereumStory.chain, asset: "ETH", amount: "0.05") { address, nodes in
        _ = try nodes.ethereum.send(.ether(EthereumStory.wei(50), to: EthereumAddress(address)))
      },
      Sale(chain: EthereumStory.chain, asset: "USDC", amount: "12.50") { address, nodes in
        _ = try nodes.ethereum.send(
          .token(SimulatedContracts.usdc, 12_500_000, to: EthereumAddress(address)))
      },
      Sale(chain: EthereumStory.chain, asset: "USDT", amount: "7") { address, nodes in
        _ = try nodes.ethereum.send(
          .token(SimulatedContracts.usdt, 7_000_000, to: EthereumAddress(address)).by(account: 1))
      },
    ]
  }

  /// Mines until all payments are settled.
  func settle() async throws {
    try mine(8)
    try await wait(for: unsettled, ["settled"])
    unsettled = []
  }

  private func mine(_ count: Int) throws {
    try nodes.bitcoin.mine(count)
    _ = try nodes.ethereum.mine(count)
  }

  private func wait(for ids: Set<String>, _ statuses: Set<String>) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(90)
    var left = ids
    while true {
      for id in left {
        let payment = try await apis[0].payment(id)
        if statuses.contains(payment.status) { left.remove(id) }
      }
      if left.isEmpty { return }
      guard clock.now < deadline else {
        throw CommandFailure("\(left.count) payments weren't \(statuses.sorted()) in 90 s")
      }
      try mine(1)
      try await clock.sleep(for: .milliseconds(300))
    }
  }
}
