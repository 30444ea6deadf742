internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes

// Payers on an EVM chain: those who pay, in each way that counts, and those who don't.
extension SimulatedEthereumNode {
  func pay(_ bill: Bill, _ truth: inout ChainTruth, _ random: inout SplitMix64) -> String? {
    guard let recipient = Hash20(bill.recipient).map(EthereumAddress.init) else { return nil }
    if options.profile == .opStack, bill.contract == nil,
      Int.random(in: 0..<3, using: &random) == 0
    {
      return deposit(bill, to: recipient, &random)
    }
    let form: (text: String, orders: [EthereumOrder])
    switch Int.random(in: 0..<22, using: &random) {
    case 0..<9: form = ("", plain(bill, to: recipient))
    case 9..<16: form = inCalls(bill, to: recipient, &random)
    case 16, 17: form = undone(bill, to: recipient, &random)
    case 18: form = worthless(bill, to: recipient, &random)
    case 19:
      let others = [Asset.eth, .simulatedUSDC, .simulatedUSDT].filter { $0 != bill.asset }
      guard let asset = others.randomElement(using: &random) else { return nil }
      let wrong = Bill(
        recipient: bill.recipient, asset: asset, amounts: bill.amounts, other: nil)
      form = ("in \(asset) ", plain(wrong, to: recipient))
    case 20:
      form = (
        "of nothing ", [.token(bill.contract ?? SimulatedContracts.usdc, .zero, to: recipient)]
      )
    case 21 where bill.contract == SimulatedContracts.usdc:
      form = (
        "minted ",
        bill.amounts.map {
          .calling(
            SimulatedContracts.usdc, "mint(address,uint256)",
            [.address(recipient), .number(UInt256($0))])
        }
      )
    default: form = ("", plain(bill, to: recipient))
    }
    return send(form.text, form.orders, &random)
  }

  private func send(
    _ text: String, _ orders: [EthereumOrder], _ random: inout SplitMix64
  ) -> String? {
    var sent: [String] = []
    // What follows another order comes from the same account, behind it.
    let account = Int.random(in: 1..<options.accountCount, using: &random)
    for order in orders {
      // The owner's acts are its own.
      let isOwners = order.input.starts(with: ABI.selector("mint(address,uint256)"))
      guard let known = try? send(isOwners ? order : order.by(account: account)) else { continue }
      sent.append("0x\(known.hash.hex)")
    }
    return sent.isEmpty ? nil : "pay \(text)at \(name): \(sent.joined(separator: ", "))"
  }

  private func plain(_ bill: Bill, to recipient: EthereumAddress) -> [EthereumOrder] {
    var orders = bill.amounts.map { Self.order(bill.contract, $0, to: recipient) }
    if let other = bill.other, let account = Hash20(other.recipient).map(EthereumAddress.init) {
      orders.append(Self.order(bill.contract, other.amount, to: account))
    }
    return orders
  }

  private static func order(
    _ contract: EthereumAddress?, _ amount: UInt64, to recipient: EthereumAddress
  ) -> EthereumOrder {
    contract.map { .token($0, UInt256(amount), to: recipient) }
      ?? .ether(UInt256(amount), to: recipient)
  }

  /// Transfers that a contract makes, several in one transaction perhaps.
  private func inCalls(
    _ bill: Bill, to recipient: EthereumAddress, _ random: inout SplitMix64
  ) -> (String, [EthereumOrder]) {
    let forwarder = SimulatedContracts.forwarder
    if let contract = bill.contract {
      let orders = bill.amounts.flatMap { amount -> [EthereumOrder] in
        [
          .token(contract, UInt256(amount), to: forwarder),
          .calling(
            forwarder, "forwardToken(address,address,uint256)",
            [.address(contract), .address(recipient), .number(UInt256(amount))]),
        ]
      }
      return ("through a contract ", orders)
    }
    let each = bill.amounts[0]
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let other = bill.other.flatMap { Hash20($0.recipient) }.map(EthereumAddress.init)
      let recipients = [recipient] + (other.map { [$0, recipient] } ?? [recipient])
      return (
        "to several in one ",
        [
          .calling(
            forwarder, "forwardEach(address[],uint256)",
            [.addresses(recipients), .number(UInt256(each))],
            wei: UInt256(each * UInt64(recipients.count)))
        ]
      )
    case 1:
      return (
        "by a contract's end ",
        [.calling(forwarder, "destroyInto(address)", [.address(recipient)], wei: UInt256(each))]
      )
    default:
      return (
        "through a contract ",
        bill.amounts.map {
          .calling(forwarder, "forward(address)", [.address(recipient)], wei: UInt256($0))
        }
      )
    }
  }

  /// What looks like a payment and moves nothing.
  private func undone(
    _ bill: Bill, to recipient: EthereumAddress, _ random: inout SplitMix64
  ) -> (String, [EthereumOrder]) {
    if let contract = bill.contract {
      // More than anyone has.
      return (
        "more than there is ", [.token(contract, UInt256(1 << 62), to: recipient)]
      )
    }
    let functions = ["forwardAndRevert", "innerReverts", "overdraw", "delegate", "callCode"]
    let function = functions[Int.random(in: functions.indices, using: &random)]
    return (
      "with \(function) ",
      [
        .calling(
          SimulatedContracts.forwarder, "\(function)(address)", [.address(recipient)],
          wei: UInt256(bill.amounts[0]))
      ]
    )
  }

  /// Tokens that nobody lists, and logs that are no transfers.
  private func worthless(
    _ bill: Bill, to recipient: EthereumAddress, _ random: inout SplitMix64
  ) -> (String, [EthereumOrder]) {
    let amount = UInt256(bill.amounts[0])
    let forms = ["logFourTopics", "logOneTopic", "logDirtyPadding", "logLongData"]
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      return ("in an unlisted token ", [.token(SimulatedContracts.unlisted, amount, to: recipient)])
    case 1:
      let form = forms[Int.random(in: forms.indices, using: &random)]
      return (
        "with \(form) ",
        [
          .calling(
            SimulatedContracts.fake, "\(form)(address,uint256)",
            [.address(recipient), .number(amount)])
        ]
      )
    default:
      return ("in a fake token ", [.token(SimulatedContracts.fake, amount, to: recipient)])
    }
  }

  /// Ether from the parent chain, which nobody signs for; or which isn't there.
  private func deposit(
    _ bill: Bill, to recipient: EthereumAddress, _ random: inout SplitMix64
  ) -> String? {
    let isCovered = Bool.random(using: &random)
    let deposits = bill.amounts.map { amount in
      BlockExtras.Deposit(
        from: BlockExtras.standardDepositor, to: recipient, wei: UInt256(amount),
        minting: isCovered ? nil : .zero)
    }
    _ = try? mine(1, extras: BlockExtras(deposits: deposits))
    return "deposit\(isCovered ? "" : " without cover") in a block at \(name)"
  }
}

extension Bill {
  /// Of the token that is due; nil for ether.
  fileprivate var contract: EthereumAddress? { asset.contract.map(EthereumAddress.init) }
}
