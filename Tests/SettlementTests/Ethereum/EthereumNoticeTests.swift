import Addresses
import Bytes
import ChainSim
import ChainTypes
import JSON
import Payments
import Settlement
import Testing
import Watching

@Suite("What issuers do to their tokens")
struct EthereumNoticeTests {
  private static let (usdc, usdt) = (SimulatedContracts.usdc, SimulatedContracts.usdt)
  private static let stranger = SimulatedContracts.forwarder

  /// Each event as its asset, its word and what it says besides, in the order of being told.
  private func told(_ scene: EthereumScene) async throws -> [String] {
    let always = [
      "chain", "block", "txid", "position", "contract", "asset", "notice", "account",
    ]
    return try await scene.told("chain.token_notice").map { data in
      guard case .object(let members) = data else { return "" }
      let rest = members.filter { !always.contains($0.name) }.map {
        "\($0.name)=\($0.value.string ?? $0.value.json)"
      }
      return ([data["asset"]?.string, data["notice"]?.string].compactMap { $0 } + rest)
        .joined(separator: " ")
    }
  }

  private func send(
    _ scene: EthereumScene, _ contract: EthereumAddress, _ function: String,
    _ arguments: ABI.Argument...
  ) throws {
    try scene.node.send(.calling(contract, function, arguments))
  }

  @Test("a fee, a pause, a freeze, destroyed funds, a successor, other code and another admin")
  func everything() async throws {
    let scene = try await EthereumScene()
    let stranger = ABI.Argument.address(Self.stranger)
    try send(scene, Self.usdt, "setParams(uint256,uint256)", .number(10), .number(49))
    try send(scene, Self.usdt, "issue(uint256)", .number(10))
    try send(scene, Self.usdt, "pause()")
    try send(scene, Self.usdt, "unpause()")
    try scene.node.send(.token(Self.usdc, 5, to: Self.stranger))
    try send(scene, Self.usdt, "addBlackList(address)", stranger)
    try send(scene, Self.usdt, "destroyBlackFunds(address)", stranger)
    try send(scene, Self.usdt, "removeBlackList(address)", stranger)
    try send(scene, Self.usdt, "deprecate(address)", .address(SimulatedContracts.usdtSuccessor))
    try send(scene, Self.usdc, "pause()")
    try send(scene, Self.usdc, "blacklist(address)", stranger)
    try send(scene, Self.usdc, "upgradeTo(address)", stranger)
    try send(scene, Self.usdc, "changeAdmin(address)", stranger)
    try await scene.mine()
    let owner = try #require(try await scene.told("chain.token_notice").last)["former_admin"]?
      .string
    let stranger20 = "0x\(Self.stranger.hash.hex)"
    #expect(
      try await told(scene) == [
        "USDT fee_changed basis_points=10 maximum_minor=49000000", "USDT paused", "USDT unpaused",
        "USDT blacklisted", "USDT funds_destroyed amount_minor=0", "USDT unblacklisted",
        "USDT deprecated successor=0x\(SimulatedContracts.usdtSuccessor.hash.hex)", "USDC paused",
        "USDC blacklisted", "USDC upgraded implementation=\(stranger20)",
        "USDC admin_changed admin=\(stranger20) former_admin=\(owner ?? "")",
      ])
    let freeze = try #require(try await scene.told("chain.token_notice").dropFirst(3).first)
    let head = scene.node.machine.head
    #expect(freeze["chain"]?.string == scene.chain.spec.name.text)
    #expect(freeze["block"]?.string == "\(head.number):0x\(head.hash.hex)")
    #expect(freeze["position"]?.string == "log:0")
    #expect(freeze["contract"]?.string == "0x\(Self.usdt.hash.hex)")
    #expect(freeze["account"]?.string == stranger20)
    #expect(head.transactions.map { "0x\($0.hash.hex)" }.contains(freeze["txid"]?.string ?? ""))
  }

  @Test("what a contract logs that isn't listed is nothing, and so is what failed")
  func others() async throws {
    let scene = try await EthereumScene(listed: ["USDC": Self.usdc])
    try send(scene, Self.usdt, "pause()")
    // Only the owner may.
    try scene.node.send(EthereumOrder.calling(Self.usdc, "pause()").by(account: 2))
    try await scene.mine()
    #expect(try await told(scene) == [])
    try send(scene, Self.usdc, "pause()")
    try await scene.mine()
    #expect(try await told(scene) == ["USDC paused"])
  }

  @Test("a freeze of our address names the payment and its tenant, a free address's none")
  func ours() async throws {
    let scene = try await EthereumScene()
    let payment = try await scene.pay("USDT", 5_000)
    let free = try #require(
      try EthereumScene.firstAddresses.first { try $0 != payment.address })
    try send(scene, Self.usdt, "addBlackList(address)", .address(payment.address))
    try send(scene, Self.usdc, "blacklist(address)", .address(free))
    try await scene.mine()
    let events = try await scene.told("chain.token_notice")
    #expect(events.map { $0["affects"]?["payment_id"]?.string } == [payment.terms.id, nil])
    #expect(events.map { $0["affects"]?["tenant"]?.string } == ["shop", nil])
    #expect(events.allSatisfy { $0["affects"] != nil })
  }

  @Test("freezes by the dozen are told up to a limit, our own address among them")
  func limit() async throws {
    let scene = try await EthereumScene(adjust: { $0.noticesPerBlock = 2 })
    let payment = try await scene.pay("USDT", 5_000)
    let addresses = [
      SimulatedContracts.fake, SimulatedContracts.forwarder, SimulatedContracts.unlisted,
      try payment.address,
    ]
    for address in addresses {
      try send(scene, Self.usdt, "addBlackList(address)", .address(address))
    }
    try await scene.mine()
    let events = try await scene.told("chain.token_notice")
    #expect(events.map { $0["affects"] != nil } == [false, false, true])
    #expect(events.last?["omitted"]?.integer(Int.self) == 1)
  }

  @Test("a reorganisation takes a notice back, and another block tells it again")
  func reorganised() async throws {
    let scene = try await EthereumScene()
    try send(scene, Self.usdt, "pause()")
    try await scene.mine()
    try scene.node.reorganize(depth: 1, blocks: 2, transactions: .pending)
    try await scene.share()
    #expect(try await told(scene) == ["USDT paused"])
    #expect(try await scene.eventCount("chain.reorged") == 1)
    try await scene.mine()
    let blocks = try await scene.told("chain.token_notice").compactMap { $0["block"]?.string }
    let reorg = try #require(try await scene.told("chain.reorged").first)
    let height = { (text: String?) in text.flatMap { Int($0.prefix { $0 != ":" }) } ?? -1 }
    try #require(blocks.count == 2)
    #expect(height(blocks[0]) > height(reorg["common_ancestor"]?.string))
    #expect(height(blocks[1]) > height(reorg["to"]?.string))
  }
}
