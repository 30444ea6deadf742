internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes

/// Sells over several APIs at once, and its customers pay.
actor DemoShop {
  private let apis: [DemoAPI]
  private let node: SimulatedBitcoinNode
  private let network: BitcoinNetwork
  private var sold = 0
  private var unsettled: Set<String> = []

  init(apis: [DemoAPI], node: SimulatedBitcoinNode, network: BitcoinNetwork) {
    self.apis = apis
    self.node = node
    self.network = network
  }

  /// Makes that many payments, pays each as soon as it has an address, mines now and then, and
  /// returns once all are paid.
  func sell(_ count: Int) async throws {
    let first = sold
    sold += count
    let ids = try await Self.sell(first..<first + count, over: apis, node, network)
    unsettled.formUnion(ids)
    try await wait(for: ids, ["paid", "settled"])
  }

  private static func sell(
    _ orders: Range<Int>, over apis: [DemoAPI], _ node: SimulatedBitcoinNode,
    _ network: BitcoinNetwork
  ) async throws -> Set<String> {
    try await withThrowingTaskGroup(of: String.self) { group in
      for number in orders {
        let api = apis[number % apis.count]
        group.addTask {
          let payment = try await api.createPayment(
            order: "order-\(number)", amount: "0.0100000\(number % 10)", expiresIn: 900)
          let script = try BitcoinAddress(payment.address, network: network).output.scriptPubKey
          _ = try node.pay(script, value: UInt64(1_000_000 + number % 10))
          return payment.id
        }
      }
      var ids: Set<String> = []
      for try await id in group { ids.insert(id) }
      return ids
    }
  }

  /// Mines until all payments are settled.
  func settle() async throws {
    try node.mine(6)
    try await wait(for: unsettled, ["settled"])
    unsettled = []
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
      try node.mine(1)
      try await clock.sleep(for: .milliseconds(300))
    }
  }
}
