import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Payments
import Settlement
import Simulation
import Testing
import Watching

@Suite("Proofs of transfers in blocks")
struct ProofTests {
  /// What is recorded, as an auditor would take it up.
  private struct Recorded {
    let txid: Hash32
    let block: BlockRef
    let header: BlockHeader
    let proof: TransactionProof

    init(_ row: SQLRow) throws {
      func hashes(_ column: String) throws -> [Hash32] {
        let bytes = try row.blob(column)
        return stride(from: 0, to: bytes.count, by: 32).compactMap {
          Hash32(Array(bytes[$0..<min($0 + 32, bytes.count)]))
        }
      }
      txid = try row.hash("txid")
      block = try BlockRef(height: row.uint32("block_height"), hash: row.hash("block_hash"))
      let bytes = try row.blob("header")
      header = try BlockHeader(bytes: bytes.span.bytes)
      proof = try TransactionProof(
        transaction: row.blob("transaction_bytes"),
        branch: MerkleBranch(position: row.uint32("position"), siblings: hashes("siblings")),
        coinbase: .init(
          transaction: row.blob("coinbase"), siblings: hashes("coinbase_siblings")))
    }
  }

  /// All that is recorded, checked from the transaction to the block's hash.
  private func recorded(_ scene: Scene) async throws -> [Recorded] {
    let stored = try await scene.world.database.read { connection in
      try connection.query("SELECT * FROM transfer_proofs ORDER BY block_height, position")
    }
    let rows = try stored.map { try Recorded($0) }
    for row in rows {
      #expect(try row.proof.verify(root: row.header.merkleRoot) == row.txid)
      #expect(row.header.hash == row.block.hash)
    }
    return rows
  }

  /// What the service shows of the payment.
  private func shown(_ scene: Scene, _ payment: Payment) async throws -> String {
    let (service, id) = (scene.world.process.service, payment.terms.id)
    return try await scene.world.database.read { connection in
      try service.proof(of: id, tenant: nil, after: nil, limit: 10, in: connection).json()
    }
  }

  @Test("a transfer's proof comes with its block and leads from its transaction to the header")
  func recordedWithBlock() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let script = try scene.script(payment)
    // One transaction with two transfers, one with another, and one that is none of ours.
    let output = TransactionOutput(value: 50_000, scriptPubKey: script)
    let twofold = try scene.node.pay(PaymentOrder(outputs: [output, output], feeRate: 2))
    let other = try scene.node.pay(script, value: 60_000)
    try scene.node.pay(Faucet.scriptPubKey, value: 70_000)
    try await scene.world.stepUntilQuiet()
    #expect(try await recorded(scene).isEmpty)
    #expect(try await shown(scene, payment).contains(#""proof":null"#))

    let block = try scene.node.mine()[0]
    try await scene.world.stepUntilQuiet()
    let rows = try await recorded(scene)
    #expect(Set(rows.map(\.txid)) == [twofold.txid, other.txid])
    #expect(rows.map(\.block) == [block.ref, block.ref])
    for row in rows {
      let place = Int(row.proof.branch.position)
      #expect(block.transactions[place].txid == row.txid)
      #expect(
        row.proof == TransactionProof(of: block.block, at: place, withCoinbase: true))
    }
    let text = try await shown(scene, payment)
    #expect(!text.contains(#""proof":null"#) && text.contains(block.hash.displayHex))
    try await scene.world.close()
  }

  //  110 ── 111 (pays) ── 112
  //    ├─── 111' (pays) ── 112' ── 113'
  //    └─── 111" ─ … ── 114"
  @Test("a reorg brings the proof of the other block, or takes it away until the money is back")
  func reorganised() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    let first = try scene.node.mine(2)[0]
    try await scene.world.stepUntilQuiet()
    #expect(try await recorded(scene).map(\.block) == [first.ref])

    let second = try scene.node.fork(depth: 2, blocks: 3, including: [known.transaction])[0]
    try await scene.world.stepUntilQuiet()
    #expect(try await recorded(scene).map(\.block) == [second.ref])
    let text = try await shown(scene, payment)
    #expect(text.contains(second.hash.displayHex) && !text.contains(first.hash.displayHex))

    try scene.node.fork(depth: 3, blocks: 4)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.transfers(payment).map(\.state) == [.seen])
    #expect(try await shown(scene, payment).contains(#""proof":null"#))

    let third = try scene.node.mine()[0]
    try await scene.world.stepUntilQuiet()
    #expect(try await recorded(scene).map(\.block) == [third.ref])
    #expect(try await shown(scene, payment).contains(third.hash.displayHex))
    try await scene.world.close()
  }

  @Test("dust, and money of which nothing new is known, cost no proof")
  func nothingToProve() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 500)
    try scene.node.mine(3)
    try await scene.world.stepUntilQuiet()
    #expect(try await recorded(scene).isEmpty)
    try await scene.world.close()
  }

  @Test("a commit ends behind the block with which its proofs reach the limit")
  func limit() async throws {
    let scene = try await Scene { $0.proofBytesPerCommit = 1 }
    let payment = try await scene.request()
    for _ in 0..<2 {
      try scene.node.pay(scene.script(payment), value: 10_000)
      try scene.node.mine(2)
    }
    var connected: [Int] = []
    while connected.last != 0 {
      let report = try await scene.world.step()
      connected.append(report.connected)
    }
    // 111 pays; 112 and 113, which pays; 114.
    #expect(connected == [1, 2, 1, 0])
    #expect(try await recorded(scene).map(\.block.height) == [111, 113])
    try await scene.world.close()
  }
}
