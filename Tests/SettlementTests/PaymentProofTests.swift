import Bitcoin
import Bytes
import ChainTypes
import Database
import Foundation
import Payments
import Settlement
import Testing
import Watching

@Suite("Pages of proofs")
struct PaymentProofTests {
  private struct Page: Decodable {
    let data: [Item]
    let nextAfter: String?

    struct Item: Decodable {
      let txid: String
      let proof: Proof?
    }

    struct Proof: Decodable {
      let blockHash: String
      let transaction: String
    }
  }

  private func page(
    _ world: World, _ payment: Payment, after: Hash32? = nil, limit: Int = 10
  ) async throws -> Page {
    let (service, id) = (world.service, payment.terms.id)
    let text = try await world.database.read { connection in
      try service.proof(of: id, tenant: nil, after: after, limit: limit, in: connection).json()
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Page.self, from: Data(text.utf8))
  }

  /// Evidence of so many bytes: what it says is not the store's affair.
  private func proof(_ transaction: String, in block: BlockRef, size: Int = 60) -> TransferProof {
    TransferProof(
      txid: World.hash(transaction), block: block,
      evidence: .inclusion(
        TransactionProof(
          transaction: [UInt8](repeating: 2, count: size),
          branch: MerkleBranch(position: 1, siblings: [World.hash("beside")]),
          coinbase: .init(
            transaction: [UInt8](repeating: 3, count: 60), siblings: [World.hash("opposite")])),
        header: [UInt8](repeating: 1, count: 80)))
  }

  private func record(_ proofs: [TransferProof], _ world: World) async throws {
    var step = world.newStep()
    step.proofs = proofs
    try await world.commit(step)
  }

  @Test("large transactions make short pages, and each is shown once")
  func bytes() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    let names = ["a", "b", "c", "d", "e"]
    try await world.advance([
      names.map { .init(transaction: $0, ordinal: payment.terms.ordinal, value: 10_000) }
    ])
    let tip = world.cursor.tip
    try await record(names.map { proof($0, in: tip, size: 1_500_000) }, world)
    let first = try await page(world, payment)
    #expect(first.data.map(\.txid) == names.prefix(3).map { World.hash($0).displayHex })
    #expect(first.data.allSatisfy { $0.proof?.transaction.utf8.count == 3_000_000 })
    #expect(first.nextAfter == World.hash("c").displayHex)
    let second = try await page(world, payment, after: World.hash("c"))
    #expect(second.data.map(\.txid) == names.suffix(2).map { World.hash($0).displayHex })
    #expect(second.nextAfter == nil)
    let single = try await page(world, payment, limit: 1)
    #expect(single.data.count == 1 && single.nextAfter == World.hash("a").displayHex)
    let last = try await page(world, payment, after: World.hash("e"))
    #expect(last.data.isEmpty && last.nextAfter == nil)
    await #expect(throws: PaymentRefusal.unknownTransaction(World.hash("x"))) {
      _ = try await page(world, payment, after: World.hash("x"))
    }
  }

  @Test("only the proof in the block that a transaction stands in is shown")
  func otherBlock() async throws {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(
      .init(transaction: "a", ordinal: payment.terms.ordinal, value: 10_000))
    let first = world.cursor.tip
    // Recorded before proofs were kept.
    #expect(try await page(world, payment).data.map { $0.proof == nil } == [true])
    try await record([proof("a", in: first)], world)
    #expect(try await page(world, payment).data.map(\.proof?.blockHash) == [first.hash.displayHex])

    try await world.advance(
      leaving: 1, [[.init(transaction: "a", ordinal: payment.terms.ordinal, value: 10_000)]],
      label: "b")
    #expect(world.cursor.tip != first)
    #expect(try await page(world, payment).data.map { $0.proof == nil } == [true])
    try await record([proof("a", in: world.cursor.tip)], world)
    #expect(
      try await page(world, payment).data.map(\.proof?.blockHash)
        == [world.cursor.tip.hash.displayHex])
    #expect(try await world.count("transfer_proofs") == 1)

    try await world.advance(leaving: 1, [[]], label: "c")
    #expect(try await page(world, payment).data.map { $0.proof == nil } == [true])
  }

  @Test("a step that is refused leaves no proof")
  func refused() async throws {
    let world = try await World.make()
    var stale = world.newStep()
    try await world.mineEmpty(1)
    stale.proofs = [proof("a", in: world.cursor.tip)]
    let step = stale
    await #expect(throws: StaleCursor.self) { _ = try await world.store.commit(step) }
    #expect(try await world.count("transfer_proofs") == 0)
  }
}
