internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Database
internal import NodeRPC

// What a quorum of nodes says.
extension Reconciler {
  // MARK: Bitcoin

  /// The unspent outputs of the addresses at the highest tip at which a quorum of nodes made its
  /// scan; nil where the nodes stand at different ones.
  func agreedScan(
    of page: [HeldAddress], _ pool: NodePool, _ dissenting: inout Set<String>
  ) async throws -> CoinScan? {
    let scripts = page.map(\.script)
    let answers = try await pool.answers { (node) async throws(NodeError) in
      try await node.coins(paying: scripts)
    }
    let tips = Set(answers.all.map(\.value.tip))
      .sorted { ($1.height, $0.hash) < ($0.height, $1.hash) }
    let shared = tips.map { tip in answers.filter { $0.tip == tip } }.filter(\.hasQuorum)
    guard let there = shared.first else { return nil }
    return try agreed(there, pool, at: there.all[0].value.tip, &dissenting) { scan in
      let coins = Dictionary(grouping: scan.coins, by: \.scriptPubKey)
      return page.map { address in
        let coins = coins[address.script] ?? []
        let sum = coins.reduce(UInt256.zero) { (try? $0.adding(UInt256($1.satoshi))) ?? .max }
        return "\(address.text) has \(sum.decimal) in \(coins.count) outputs"
      }
    }
  }

  // MARK: EVM chains

  /// Each address's balance of each listed asset at the block, in the addresses' order.
  func balances(
    of page: [HeldAddress], at block: BlockRef, _ pool: EthereumPool,
    _ dissenting: inout Set<String>
  ) async throws -> [Hash20?: [UInt256]] {
    let accounts = try page.map { address in
      guard let hash = Hash20(address.script) else { throw CorruptRow.column("script") }
      return EthereumAddress(hash)
    }
    func texts(_ balances: [UInt256?], _ symbol: String) -> [String] {
      zip(page, balances).map { "\($0.text) has \($1?.decimal ?? "no balance") of \(symbol)" }
    }
    let coin = try await agreed(
      pool, at: block, &dissenting, { texts($0, self.spec.asset.symbol) }
    ) { (node) async throws(NodeError) in
      try await node.balances(of: accounts, at: block)
    }
    var balances: [Hash20?: [UInt256]] = [nil: coin]
    for token in spec.tokens {
      guard let contract = token.asset.contract else { continue }
      let calls = accounts.map {
        ContractCall(to: EthereumAddress(contract), input: Self.balanceOf($0))
      }
      let told = try await agreed(
        pool, at: block, &dissenting, { texts($0, token.asset.symbol) }
      ) { (node) async throws(NodeError) in
        try await node.call(calls, at: block).map { $0.map(Self.balance) }
      }
      balances[contract] = try told.map {
        guard let balance = $0 else { throw Failure.noBalance(contract: contract) }
        return balance
      }
    }
    return balances
  }

  /// What was asked for by the block's number is of this block only where it still stands there.
  private func agreed<Value: Sendable & Hashable>(
    _ pool: EthereumPool, at block: BlockRef, _ dissenting: inout Set<String>,
    _ texts: (Value) -> [String],
    _ question: @escaping @Sendable (EthereumNode) async throws(NodeError) -> StateAnswer<Value>
  ) async throws -> Value {
    let answers = try await pool.answers { (node) async throws(NodeError) in
      let answer = try await question(node)
      guard answer.isByNumber else { return answer.value }
      guard try await node.isActive(block) else { throw .unknownBlock(block.hash) }
      return answer.value
    }
    return try agreed(answers, pool, at: block, &dissenting, texts)
  }

  /// ERC-20's `balanceOf(address)`.
  private static func balanceOf(_ address: EthereumAddress) -> [UInt8] {
    [0x70, 0xa0, 0x82, 0x31] + [UInt8](repeating: 0, count: 12) + address.hash.bytes
  }

  /// What `balanceOf` returned; nil where that is no balance.
  private static func balance(_ output: [UInt8]?) -> UInt256? {
    guard let output, output.count == 32 else { return nil }
    return UInt256(bigEndian: output[...])
  }

  // MARK: Both

  /// What a quorum says. Who says otherwise is remembered; where no quorum says the same, the
  /// error names the first address of which they differ.
  ///
  /// - Parameter texts: what an answer says of each address
  private func agreed<Node: ChainNode, Value>(
    _ answers: NodeAnswers<Value>, _ pool: QuorumPool<Node>, at block: BlockRef,
    _ dissenting: inout Set<String>, _ texts: (Value) -> [String]
  ) throws -> Value {
    if let agreed = answers.agreed {
      for answer in answers.all where answer.value != agreed {
        dissenting.insert(pool.nodes[answer.node].name)
      }
      return agreed
    }
    let told = answers.all.map { (node: pool.nodes[$0.node].name, texts: texts($0.value)) }
    let place = told[0].texts.indices.first { place in
      Set(told.map { $0.texts[place] }).count > 1
    }
    throw Failure.nodesDisagree(
      block,
      told.map { told in "\(told.node): \(place.map { told.texts[$0] } ?? "other outputs")" }
        .joined(separator: "; "))
  }
}
