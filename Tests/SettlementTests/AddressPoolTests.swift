import Addresses
import Bytes
import ChainTypes
import Database
import Keys
import Payments
import TestDatabases
import Testing
import Watching

@testable import Settlement

@Suite("The address pool")
struct AddressPoolTests {
  private func account(
    _ descriptor: Descriptor, tenant: String = World.tenant, epoch: Int64 = 0
  ) -> AddressPool.Account {
    AddressPool.Account(
      tenant: tenant, region: World.region, epoch: epoch, keys: .bitcoin(descriptor))
  }

  @Test("registering the same account again is nothing, another descriptor is refused")
  func register() async throws {
    let world = try await World.make(watching: false)
    try await world.pool.register(account(World.descriptor()))
    await #expect(
      throws: AddressPool.Failure.descriptorChanged(
        tenant: World.tenant, stored: try World.descriptor().text)
    ) { try await world.pool.register(account(World.descriptor(9))) }
    #expect(try await world.count("accounts") == 1)
    // One key for two tenants or epochs would give one address twice.
    for (tenant, epoch) in [("other", Int64(0)), (World.tenant, 1)] {
      await #expect(
        throws: AddressPool.Failure.descriptorTaken(
          tenant: tenant, by: World.tenant, region: World.region)
      ) {
        try await world.pool.register(
          account(World.descriptor(), tenant: tenant, epoch: epoch))
      }
    }
  }

  @Test("a descriptor without a range is refused")
  func notRanged() async throws {
    let world = try await World.make(watching: false)
    let text = try World.descriptor(5).text.split(separator: "#")[0]
      .replacing("/0/*", with: "/0/7")
    let single = try Descriptor(String(text), network: .regtest, checksum: .optional)
    await #expect(throws: AddressPool.Failure.notRanged(single.text)) {
      try await world.pool.register(account(single, tenant: "other"))
    }
  }

  @Test("filling appends the account's next addresses until enough are free")
  func fill() async throws {
    let world = try await World.make(ready: 3, watching: false)
    #expect(try await world.pool.fill(.bitcoin(.regtest)) == 3)
    #expect(try await world.pool.fill(.bitcoin(.regtest)) == 0)
    let rows = try await world.database.read {
      try $0.query("SELECT ordinal, child_index, address FROM addresses ORDER BY ordinal")
    }
    let descriptor = try World.descriptor()
    for (place, row) in rows.enumerated() {
      #expect(try row.integer("ordinal") == Int64(place + 1))
      #expect(try row.integer("child_index") == Int64(place))
      #expect(try row.text("address") == descriptor.address(at: UInt32(place)).text)
    }
    try await world.watch()
    try await world.create(world.request("order-1"))
    #expect(try await world.pool.fill(.bitcoin(.regtest)) == 1)
  }

  @Test("many addresses are the same by batches and by libsecp256k1")
  func derivations() async throws {
    var rows: [[String]] = []
    for derivation in ChildDerivation.allCases {
      let world = try await World.make(watching: false)
      let pool = AddressPool(database: world.database, ready: 300, derivation: derivation)
      #expect(try await pool.fill(.bitcoin(.regtest)) == 300)
      rows.append(
        try await world.database.read {
          try $0.query("SELECT address FROM addresses ORDER BY ordinal").map {
            try $0.text("address")
          }
        })
    }
    #expect(rows.count == 2 && rows[0] == rows[1])
    #expect(rows[0].last == (try World.descriptor().address(at: 299).text))
  }

  @Test("an address that libsecp256k1 derives otherwise is refused, and none is appended")
  func wronglyDerived() async throws {
    let world = try await World.make(watching: false)
    let other = try World.descriptor().address(at: 7)
    // A wrong text, a wrong script, and another index's address.
    let forgeries: [@Sendable (DerivedAddress) -> DerivedAddress] = [
      { DerivedAddress(index: $0.index, script: $0.script, text: other.text) },
      { DerivedAddress(index: $0.index, script: other.output.scriptPubKey, text: $0.text) },
      { DerivedAddress(index: $0.index + 1, script: $0.script, text: $0.text) },
    ]
    for forge in forgeries {
      let pool = AddressPool(database: world.database, ready: 3) { keys, first, count in
        var (addresses, next) = try keys.addresses(from: first, count: count, by: .batched)
        addresses[1] = forge(addresses[1])
        return (addresses, next)
      }
      let error = await #expect(throws: AddressPool.Failure.self) {
        try await pool.fill(.bitcoin(.regtest))
      }
      guard case .wronglyDerived(account: 1, index: 1...2)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(try await world.count("addresses") == 0)
      #expect(try await world.count("accounts WHERE next_index = 0") == 1)
    }
    #expect(try await world.pool.fill(.bitcoin(.regtest)) > 0)
  }

  @Test("fillers at the same time append each address once")
  func concurrentFillers() async throws {
    let world = try await World.make(ready: 40, watching: false)
    let pool = world.pool
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { _ = try await pool.fill(.bitcoin(.regtest)) } }
      try await group.waitForAll()
    }
    #expect(try await world.count("addresses") == 40)
  }

  @Test("after index 2^31 - 1 an account is exhausted, without wrapping and alone")
  func exhausted() async throws {
    let world = try await World.make(
      ready: 3, tenants: [World.tenant, "other"], watching: false)
    try await world.write("UPDATE accounts SET next_index = 2147483647 WHERE account_id = 1")
    #expect(try await world.pool.fill(.bitcoin(.regtest)) == 4)
    await #expect(throws: AddressPool.Failure.exhausted(account: 1)) {
      try await world.pool.fill(.bitcoin(.regtest))
    }
    #expect(
      try await world.rows("SELECT account_id, child_index FROM addresses ORDER BY ordinal").count
        == 4)
    // The other tenant is served all the same.
    try await world.write("UPDATE addresses SET touched = 1 WHERE account_id = 2")
    await #expect(throws: AddressPool.Failure.exhausted(account: 1)) {
      try await world.pool.fill(.bitcoin(.regtest))
    }
    #expect(try await world.count("addresses WHERE account_id = 2 AND touched = 0") == 3)
  }

  @Test("no address is handed out before every chain's watcher watches it")
  func barrier() async throws {
    let other = try World.spec("bitcoin-signet")
    let world = try await World.make(ready: 3, others: [other])
    let refusal = PaymentRefusal.noAddressReady(chain: world.spec.name.text)
    // The other chain's watcher has never run.
    await #expect(throws: refusal) { try await world.create(world.request("order-1")) }
    let anchor = World.link(7, parent: World.hash("x"), "other", World.start)
    var cursor = try await world.store.start(other.name, links: [anchor])
    await #expect(throws: refusal) { try await world.create(world.request("order-1")) }
    for through in [UInt64(1), 2] {
      let step = ChainStep(
        chain: other.name, expectedVersion: cursor.version, addressesThrough: through,
        now: world.now)
      cursor = try await world.store.commit(step)
      let payment = try await world.create(world.request("order-\(through)"))
      #expect(payment.terms.ordinal == through)
      await #expect(throws: refusal) { try await world.create(world.request("order-9")) }
    }
    // A watcher that comes back with less takes nothing back.
    let step = ChainStep(
      chain: other.name, expectedVersion: cursor.version, addressesThrough: 0, now: world.now)
    #expect(try await world.store.commit(step).addressesThrough == 2)
  }

  @Test("an address that was paid before it was handed out never is")
  func touched() async throws {
    let world = try await World.make()
    try await world.mine(.init(transaction: "early", ordinal: 1, value: 5_000))
    try await world.look(.init(transaction: "earlier", ordinal: 2, value: 1))
    let payment = try await world.create(world.request("order-1"))
    #expect(payment.terms.ordinal == 3)
    try await world.mineEmpty(6)
    #expect(try await world.status(payment) == .open)
    #expect(try await world.differences() == [])
  }

  @Test("a hundred payments at once get a hundred addresses, each told once")
  func concurrentCreates() async throws {
    let store = try await TestStore()
    defer { withExtendedLifetime(store) {} }
    let world = try await World.make(in: store, ready: 120)
    let (service, database, now) = (world.service, world.database, world.now)
    let requests = (0..<100).map { world.request("order-\($0)") }
    let payments = try await withThrowingTaskGroup(of: Payment.self) { group in
      for (number, request) in requests.enumerated() {
        group.addTask {
          try await database.groupedWrite {
            try service.create(
              request, now: now, random: (UInt64(number), UInt64(number)), in: $0)
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(payments.map(\.terms.address)).count == 100)
    #expect(Set(payments.map(\.terms.ordinal)) == Set(1...100))
    for payment in payments {
      #expect(try await world.events(payment) == ["payment.created"])
    }
    #expect(try await world.differences() == [])
    try await database.close()
  }
}
