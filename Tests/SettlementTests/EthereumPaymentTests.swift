import Addresses
import Bytes
import ChainTracking
import ChainTypes
import Database
import JSON
import Keys
import Payments
import SchemaChecking
import Settlement
import TestDatabases
import Testing
import Watching

@Suite("Payments on EVM chains")
struct EthereumPaymentTests {
  /// The first account of Hardhat's published words.
  static func account() throws -> EthereumAccount {
    let words = "test test test test test test test test test test test junk"
    let master = try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
    let path = try EthereumAccount.path(account: 0, coinType: 60)
    return try EthereumAccount(
      origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
      key: master.descendant(path).extendedPublicKey, branch: ChildNumber(rawValue: 0),
      isTest: false)
  }

  private static let contract = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"

  private struct Shop {
    let database: any Database
    let service: PaymentService
    let pool: AddressPool
    let specs: [ChainSpec]
    let keys: AccountKeys
    let usdc: Asset

    func create(
      _ order: String, on chain: ChainName, _ asset: Asset?, _ amount: UInt256
    ) async throws -> Payment {
      let request = PaymentRequest(
        tenant: "shop", orderID: order, chain: chain, asset: asset, amount: amount)
      let random = (UInt64(order.hashValue.magnitude), UInt64(2))
      return try await database.write {
        try service.create(request, now: World.start, random: random, in: $0)
      }
    }
  }

  private static func spec(
    _ name: String, chainID: UInt64, usdc: Asset, isCredited: Bool = true
  ) throws -> ChainSpec {
    func listed(_ asset: Asset, _ dust: UInt256, _ limit: UInt256) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: dust,
        confirmationTiers: [
          .init(from: 0, confirmations: 2), .init(from: 1_000_000_000, confirmations: 9),
        ],
        creditLimits: CreditLimits(single: limit, quorum: limit, work: .zero))
    }
    return try ChainSpec(
      name: #require(ChainName(name)),
      family: .ethereum(EthereumNetwork(chainID: chainID, profile: .ethereum, kind: .mainnet)),
      coin: listed(.eth, 1_000, .max), tokens: [listed(usdc, 10_000, 5_000_000_000)],
      genesisHash: World.hash(name), finalityDepth: 64, isCredited: isCredited,
      blockMilliseconds: 12_000, stallSeconds: 300)
  }

  /// A shop whose addresses are watched on every chain but the last `unwatched`.
  private func shop(unwatched: Int = 0, policy: TenantPolicy = TenantPolicy()) async throws -> Shop
  {
    let database = try await World.database()
    let usdc = Asset(symbol: "USDC", decimals: 6, contract: try EthereumAddress(Self.contract).hash)
    let specs = [
      try Self.spec("ethereum", chainID: 1, usdc: usdc),
      try Self.spec("base", chainID: 8_453, usdc: usdc),
      try Self.spec("arbitrum", chainID: 42_161, usdc: usdc, isCredited: false),
    ]
    let keys = try AccountKeys(Self.account().text, for: specs[0].family)
    let pool = AddressPool(database: database, ready: 4)
    try await pool.register(.init(tenant: "shop", region: World.region, epoch: 0, keys: keys))
    #expect(try await pool.fill(specs[1].family) == 4)
    let store = ChainStore(database: database, specs: specs)
    for spec in specs.dropLast(unwatched) {
      let anchor = World.link(7, parent: World.hash("below"), spec.name.text, World.start)
      let cursor = try await store.start(spec.name, links: [anchor])
      _ = try await store.commit(
        ChainStep(
          chain: spec.name, expectedVersion: cursor.version, addressesThrough: 4,
          now: World.start))
    }
    let service = PaymentService(specs: specs, policies: ["shop": policy], region: World.region)
    return Shop(
      database: database, service: service, pool: pool, specs: specs, keys: keys, usdc: usdc)
  }

  @Test("an address is derived once for all chains, its 20 bytes where Bitcoin's has its script")
  func addresses() async throws {
    let shop = try await shop()
    let rows = try await shop.database.read {
      try $0.query("SELECT family, ordinal, script, address FROM addresses ORDER BY ordinal")
    }
    #expect(rows.count == 4)
    for row in rows {
      let address = try EthereumAddress(row.text("address"))
      #expect(try row.blob("script") == address.hash.bytes)
      #expect(try row.text("family") == "ethereum")
    }
    #expect(try rows.first?.text("address") == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    let store = ChainStore(database: shop.database, specs: shop.specs)
    for spec in shop.specs {
      let scripts = try await store.scripts(for: spec.name, after: 0, limit: 10)
      #expect(scripts.map(\.scriptPubKey.count) == [20, 20, 20, 20])
    }
  }

  @Test("coins and tokens get an address and an ERC-681 URI with their chain")
  func uris() async throws {
    let shop = try await shop()
    let coins = try await shop.create("coins", on: shop.specs[1].name, nil, 2_500)
    #expect(coins.terms.asset == .eth && coins.terms.chainID == 8_453)
    #expect(
      PaymentDocument.uri(of: coins)
        == "ethereum:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266@8453?value=2500")
    let tokens = try await shop.create("tokens", on: shop.specs[0].name, shop.usdc, 12_500_000)
    let address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    #expect(tokens.terms.address == address && tokens.terms.ordinal == 2)
    let text = try PaymentDocument.json(of: tokens)
    for member in [
      "\"amount\":\"12.500000\"", "\"asset\":\"USDC\"", "\"chain_id\":1",
      "\"contract\":\"\(Self.contract)\"",
      "\"uri\":\"ethereum:\(Self.contract)@1/transfer?address=\(address)&uint256=12500000\"",
    ] {
      #expect(text.contains(member), "\(member)")
    }
    let value = try JSONValue(parsing: Array(text.utf8))
    let schema = PaymentSchemas.payment(transfer: PaymentSchemas.transfer)
    let optional: Set = [
      "metadata", "refund_address", "resolved_by", "resolved_reason", "quote",
    ]
    #expect(value.names.union(optional) == schema["properties"]?.names)
    let stored = try await shop.database.read {
      try PaymentRecords.load(tokens.terms.id, locking: false, in: $0)
    }
    #expect(stored == tokens)
  }

  @Test("each asset has its own confirmations, dust and limits")
  func perAsset() async throws {
    let shop = try await shop()
    let chain = shop.specs[0].name
    #expect(
      try await shop.create("many", on: chain, shop.usdc, 1_000_000_000).terms.confirmations == 9)
    #expect(try await shop.create("few", on: chain, shop.usdc, 10_000).terms.confirmations == 2)
    await #expect(throws: PaymentRefusal.amountTooSmall(minimum: 10_000)) {
      try await shop.create("dust", on: chain, shop.usdc, 9_999)
    }
    await #expect(throws: PaymentRefusal.aboveCreditLimit(maximum: 5_000_000_000)) {
      try await shop.create("above", on: chain, shop.usdc, 5_000_000_001)
    }
    let all = shop.specs[0].family.largestAmount
    #expect(try await shop.create("all", on: chain, nil, all).terms.amount == all)
    await #expect(throws: PaymentRefusal.amountTooLarge(maximum: all)) {
      try await shop.create("more", on: chain, nil, all.adding(1))
    }
  }

  @Test("what isn't listed can't be asked for, nor anything on a chain that isn't credited")
  func refused() async throws {
    let shop = try await shop()
    let fake = Asset(symbol: "USDC", decimals: 6, contract: Hash20())
    await #expect(throws: PaymentRefusal.unknownAsset("USDC", chain: "ethereum")) {
      try await shop.create("fake", on: shop.specs[0].name, fake, 10_000)
    }
    await #expect(throws: PaymentRefusal.chainNotCredited("arbitrum")) {
      try await shop.create("unproved", on: shop.specs[2].name, nil, 10_000)
    }
  }

  @Test("no address is handed out that some chain of the family doesn't watch yet")
  func barrier() async throws {
    let shop = try await shop(unwatched: 1)
    await #expect(throws: PaymentRefusal.noAddressReady(chain: "ethereum")) {
      try await shop.create("early", on: shop.specs[0].name, nil, 10_000)
    }
  }

  @Test("nothing counts before it is in a block, whatever a policy says")
  func noZeroConfirmations() async throws {
    var policy = TenantPolicy()
    policy.zeroConfirmationMaximum = [.eth: .max]
    policy.tolerance = [.eth: 5]
    let shop = try await shop(policy: policy)
    let payment = try await shop.create("coins", on: shop.specs[0].name, nil, 10_000)
    #expect(payment.terms.confirmations == 2)
    #expect(payment.terms.tolerance == 5)
    let tokens = try await shop.create("tokens", on: shop.specs[0].name, shop.usdc, 10_000)
    #expect(tokens.terms.tolerance == .zero)
  }

  @Test("a tenant has an account of each family, and a restore begins a new branch in both")
  func restore() async throws {
    let shop = try await shop()
    try await shop.pool.register(
      .init(tenant: "shop", region: World.region, epoch: 0, keys: .bitcoin(World.descriptor())))
    #expect(try await shop.pool.fill(.bitcoin(.regtest)) == 4)
    let outcome = try await shop.database.write {
      try Restoration(lookAhead: 3, network: .regtest).apply(in: $0)
    }
    #expect(outcome.epoch == 1 && outcome.watchedAhead == 6)
    let accounts = try await shop.database.read {
      try $0.query("SELECT family, descriptor FROM accounts WHERE epoch = 1 ORDER BY family")
    }
    #expect(try accounts.map { try $0.text("family") } == ["bitcoin", "ethereum"])
    let branch = try #require(try shop.keys.onBranch(2))
    #expect(try accounts.last?.text("descriptor") == branch.text)
    #expect(
      try await shop.pool.register(
        .init(tenant: "shop", region: World.region, epoch: 1, keys: branch)) > 0)
  }
}
