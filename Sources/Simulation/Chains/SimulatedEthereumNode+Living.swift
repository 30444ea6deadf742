internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Ethereum

extension SimulatedEthereumNode: LivingNode {
  var finalized: BlockRef? { machine.finalized.ref }

  func teach(_ truth: inout ChainTruth) {
    let machine = machine
    var cursor: SimulatedEthereumBlock? = machine.head
    while let block = cursor, !truth.knows(block.hash) {
      truth.learn(TrueBlock(block))
      cursor = machine.block(block.header.parentHash)
    }
  }

  func balance(of account: [UInt8], contract: String) -> UInt256? {
    guard let address = Hash20(account).map(EthereumAddress.init) else { return nil }
    guard !contract.isEmpty else { return balance(of: address) }
    return try? balance(of: address, in: EthereumAddress(contract))
  }

  // MARK: Disturbances

  /// A waiting transaction is replaced, or a token's owner changes what its transfers do.
  func interfere(_ truth: inout ChainTruth, _ random: inout SplitMix64) -> String? {
    if Bool.random(using: &random) {
      guard let victim = machine.mempool.ordered.randomElement(using: &random) else { return nil }
      let order: EthereumOrder? =
        Bool.random(using: &random)
        ? nil : .ether(1, to: BlockExtras.standardFeeRecipient)
      guard let known = try? replace(victim.hash, by: order) else { return nil }
      return "replace 0x\(victim.hash.hex) by 0x\(known.hash.hex) at \(name)"
    }
    let (text, order) = ownersAct(on: nil, &random)
    guard (try? send(order)) != nil else { return nil }
    return "\(text) at \(name)"
  }

  /// What the owner of a token, any where none is said, does to it.
  private func ownersAct(
    on token: EthereumAddress? = nil, _ random: inout SplitMix64
  ) -> (text: String, order: EthereumOrder) {
    let usdt = SimulatedContracts.usdt
    let token = token ?? (Bool.random(using: &random) ? SimulatedContracts.usdc : usdt)
    let kind = Int.random(in: 0..<8, using: &random)
    guard token == usdt, kind > 0 else {
      let function = Bool.random(using: &random) ? "pause" : "unpause"
      return ("\(function) \(token)", .calling(token, "\(function)()"))
    }
    guard kind > 2 else {
      let successor = kind == 1 ? SimulatedContracts.usdtSuccessor : EthereumAddress(Hash20())
      return (
        "deprecate \(token) for \(successor)",
        .calling(token, "deprecate(address)", [.address(successor)])
      )
    }
    let points = UInt256(UInt64.random(in: 0...3, using: &random) * 5)
    return (
      "the fee of \(token) is \(points.decimal)",
      .calling(token, "setParams(uint256,uint256)", [.number(points), .number(49)])
    )
  }

  func evict(_ random: inout SplitMix64) -> (text: String, everywhere: Hash32?)? {
    if Int.random(in: 0..<4, using: &random) == 0 {
      loseMempool()
      return ("\(name) restarts without its mempool", nil)
    }
    guard let victim = machine.mempool.ordered.randomElement(using: &random)?.hash else {
      return nil
    }
    return ("evict 0x\(victim.hex)", victim)
  }

  func forget(_ transaction: Hash32) { try? drop(transaction) }

  // MARK: Miners

  func mine(_ random: inout SplitMix64) -> String? {
    let content: BlockContent
    switch Int.random(in: 0..<6, using: &random) {
    case 0: content = .none
    case 1:
      // All of some accounts, so that no nonce is left out.
      let senders = machine.mempool.ordered.map(\.sender)
      let chosen = Set(senders).sorted { $0.hash.hex < $1.hash.hex }
        .filter { _ in Bool.random(using: &random) }
      content = .only(
        machine.mempool.ordered.filter { chosen.contains($0.sender) }.map(\.hash))
    default: content = .all
    }
    let count = Int.random(in: 1...3, using: &random)
    if (try? mine(count, transactions: content)) == nil { _ = try? mine(count) }
    return "mine \(count) at \(name), \(content == .all ? "all" : "some")"
  }

  func mineEverything() { _ = try? mine() }

  func holdsPayments(inLast depth: UInt32) -> Bool {
    machine.canonical.suffix(Int(depth)).contains { block in
      block.transactions.contains { $0.transaction.type != .deposit }
    }
  }

  /// What the lost blocks held stands in the new ones, in another order and perhaps behind an act
  /// of the tokens' owner, or waits again, or is gone.
  func reorganise(_ depth: UInt32, _ random: inout SplitMix64) -> String? {
    var fate: ReorganizedTransactions
    var act: (text: String, order: EthereumOrder)?
    switch Int.random(in: 0..<8, using: &random) {
    case 0: fate = .pending
    case 1: fate = .dropped
    case 2: fate = .mined(except: dropped(&random, depth: depth), reversed: true)
    default:
      fate = .mined(reversed: Bool.random(using: &random))
      // What it is done to is rather what the lost blocks moved.
      let lost = machine.canonical.suffix(Int(depth)).flatMap(\.transactions)
        .compactMap(\.transaction.recipient)
      let tokens = [SimulatedContracts.usdc, SimulatedContracts.usdt].filter(lost.contains)
      act = ownersAct(on: tokens.randomElement(using: &random), &random)
    }
    // Behind all that the owner has in blocks, and in place of what it has waiting.
    let nonce = machine.head.state.account(SimulatedAccount.account(0).address).nonce
    let including = act.map { [transaction($0.order.withNonce(nonce))] } ?? []
    let count = Int(depth) + Int.random(in: 1...2, using: &random)
    let made = try? reorganize(
      depth: UInt64(depth), blocks: count, transactions: fate, including: including)
    if made == nil {
      // A nonce is missing: the branch is tried without content.
      _ = try? reorganize(depth: UInt64(depth), blocks: count, transactions: .pending)
    }
    return "reorganise \(depth) at \(name), \(fate)"
      + (act.map { ", \($0.text)" } ?? "") + (made == nil ? ", without content" : "")
  }

  /// Some of the lost transactions, each with all that its account did later.
  private func dropped(_ random: inout SplitMix64, depth: UInt32) -> [Hash32] {
    var accounts: Set<EthereumAddress> = []
    return machine.canonical.suffix(Int(depth)).flatMap(\.transactions).filter { known in
      if Int.random(in: 0..<4, using: &random) == 0 { accounts.insert(known.sender) }
      return accounts.contains(known.sender)
    }.map(\.hash)
  }

  func finalise(upTo height: UInt32, _ random: inout SplitMix64) -> String? {
    let known = machine.finalized.number
    guard UInt64(height) > known else { return nil }
    let number = UInt64.random(in: known + 1...UInt64(height), using: &random)
    finalize(number, safe: number)
    return "\(name) calls \(number) final"
  }
}
