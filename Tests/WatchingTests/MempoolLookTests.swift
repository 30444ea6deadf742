import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Payments
import Settlement
import Simulation
import Synchronization
import Testing
import Watching

@Suite("Looking through mempools")
struct MempoolLookTests {
  @Test("a node that stays one block behind doesn't keep the others from being looked at")
  func stalledNode() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    let unpaid = try await scene.request(order: "1", expiresInSeconds: 60)
    let paid = try await scene.request(order: "2")
    let block = try scene.node(1).mine()
    scene.node(2).accept(try #require(block.first).block)
    for place in 1...2 {
      let known = try scene.node(1).payment(
        PaymentOrder(outputs: [.init(value: 150_000, scriptPubKey: scene.script(paid))]))
      try scene.node(place).accept(known)
    }
    scene.pass(seconds: 70)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.cursor()?.tip == scene.node(1).tip)
    #expect(try await scene.status(unpaid) == .expired)
    #expect(try await scene.status(paid) == .processing)
    try await scene.world.close()
  }

  @Test("after a restart with the same counts, other transactions are seen")
  func sameCounts() async throws {
    let scene = try await Scene()
    let first = try await scene.request(order: "1")
    let second = try await scene.request(order: "2")
    try scene.node.pay(scene.script(first), value: 150_000)
    try await scene.world.stepUntilQuiet()
    let before = scene.node.machine.mempool.sequence
    scene.node.loseMempool()
    try scene.node.pay(scene.script(second), value: 150_000)
    #expect(scene.node.machine.mempool.sequence == before)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(second) == .processing)
    try await scene.world.close()
  }

  @Test("what is mined while a look fetches it isn't passed over, and no deadline passes on it")
  func minedMeanwhile() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 60)
    try scene.node.pay(scene.script(payment), value: 150_000)
    scene.pass(seconds: 61)
    let node = scene.node
    let isMined = Mutex(false)
    scene.world.links[0].onRequest { body in
      guard String(decoding: body, as: UTF8.self).contains("getrawtransaction"),
        isMined.withLock({ isMined in
          defer { isMined = true }
          return !isMined
        })
      else { return }
      _ = try? node.mine()
    }
    try await scene.world.step()
    #expect(isMined.withLock { $0 })
    #expect(try await scene.status(payment) == .open)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    #expect(try await scene.story(payment) == ["created", "processing"])
    try await scene.world.close()
  }

  @Test("a node that still loads its mempool drops nothing and lets no deadline pass")
  func loading() async throws {
    let scene = try await Scene()
    let unpaid = try await scene.request(order: "1", expiresInSeconds: 60)
    let payment = try await scene.request(order: "2")
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    let fault = scene.node.inject(Fault(.mempoolLoading))
    for _ in 0..<3 {
      scene.pass(seconds: 600)
      try await scene.world.step()
    }
    #expect(try await scene.status(unpaid) == .open)
    scene.node.removeFault(fault)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen"])
    #expect(try await scene.status(unpaid) == .expired)
    try await scene.world.close()
  }

  @Test("what one of two nodes has lost isn't dropped before the other has lost it too")
  func secondNode() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.share()
    try await scene.world.stepUntilQuiet()
    scene.node.loseMempool()
    for _ in 0..<3 {
      scene.pass(seconds: 600)
      try await scene.world.step()
    }
    #expect(try await scene.status(payment) == .processing)
    scene.node(1).loseMempool()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "dropped"])
    try await scene.world.close()
  }

  @Test("what only the second node has is seen before a deadline passes")
  func onlyAtSecond() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 50)
    try scene.node(1).pay(scene.script(payment), value: 150_000)
    scene.pass(seconds: 20)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(payment) == ["created", "processing"])
    try await scene.world.close()
  }

  @Test("what reaches the first node while the second is asked is no rival of itself")
  func arrivesMeanwhile() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 50)
    let known = try scene.node(1).pay(scene.script(payment), value: 150_000)
    scene.pass(seconds: 20)
    let node = scene.node
    let hasArrived = Mutex(false)
    scene.world.links[0].onRequest { body in
      guard String(decoding: body, as: UTF8.self).contains("gettxspendingprevout") else { return }
      if (try? node.accept(known.transaction)) != nil { hasArrived.withLock { $0 = true } }
    }
    try await scene.world.stepUntilQuiet()
    #expect(hasArrived.withLock { $0 })
    #expect(try await scene.story(payment) == ["created", "processing"])
    try await scene.world.close()
  }

  @Test("no deadline passes while one node has the money and the other a rival of it")
  func rivalAtTheDeadline() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request(expiresInSeconds: 60)
    let known = try scene.node(1).pay(scene.script(payment), value: 150_000)
    try scene.node.accept(
      scene.node.conflict(
        with: known.transaction,
        paying: [.init(value: 90_000, scriptPubKey: Faucet.scriptPubKey)]))
    scene.pass(seconds: 61)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .open)
    try scene.node.mine()
    try scene.share()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .expired)
    try await scene.world.close()
  }

  @Test("a replacement that one node has keeps what the other still has from counting beside it")
  func rivalsAtTwoNodes() async throws {
    let scene = try await Scene(nodes: 2, quorum: 2)
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.share()
    try await scene.world.stepUntilQuiet()
    try scene.node.replace(
      known.txid,
      paying: [.init(value: 90_000, scriptPubKey: scene.script(payment))])
    for _ in 0..<3 {
      scene.pass(seconds: 10)
      try await scene.world.stepUntilQuiet()
      #expect(try await scene.world.payment(payment.terms.id).received == UInt256(90_000))
    }
    // Also for a process that never saw the first of the two replaced.
    try await scene.world.restart()
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.world.payment(payment.terms.id).received == UInt256(90_000))
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "replaced"])
    try await scene.world.close()
  }

  @Test("what the only node has lost is dropped once a look minutes later lacks it too")
  func oneNode() async throws {
    let scene = try await Scene()
    let payment = try await scene.request()
    let known = try scene.node.pay(scene.script(payment), value: 150_000)
    try await scene.world.stepUntilQuiet()
    scene.node.loseMempool()
    try await scene.world.stepUntilQuiet()
    scene.pass(seconds: 60)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    // It comes back meanwhile: what is lost later is lost since then.
    try scene.node.accept(known.transaction)
    try await scene.world.stepUntilQuiet()
    scene.node.loseMempool()
    for _ in 0..<2 {
      scene.pass(seconds: 150)
      try await scene.world.stepUntilQuiet()
    }
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen"])
    scene.pass(seconds: 60)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.story(ofTransfer: known.txid) == ["seen", "dropped"])
    try await scene.world.close()
  }

  @Test("a clock that went back neither stops looks from being written nor deadlines")
  func clockWentBack() async throws {
    let scene = try await Scene()
    scene.pass(seconds: 3_600)
    try await scene.world.stepUntilQuiet()
    scene.world.time.shift(seconds: -3_600)
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 70)
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .expired)
    try await scene.world.close()
  }

  @Test("a time of day that jumps ahead for a moment lets no deadline pass, and drops nothing")
  func clockJumpedAhead() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(order: "1", expiresInSeconds: 3_600)
    let paid = try await scene.request(order: "2")
    try scene.node.pay(scene.script(paid), value: 150_000)
    try await scene.world.stepUntilQuiet()
    scene.node.loseMempool()
    try await scene.world.stepUntilQuiet()
    scene.world.time.shift(seconds: 7_200)
    let report = try await scene.world.step()
    #expect(report.hold == .clockJumped)
    #expect(try await scene.status(paid) == .processing)
    scene.world.time.shift(seconds: -7_200)
    scene.pass(seconds: 60)
    #expect(try await scene.world.step().hold == nil)
    #expect(try await scene.status(payment) == .open)
    try await scene.world.close()
  }

  @Test("a time of day that was put right is believed once it has kept step for ten minutes")
  func clockPutRight() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 3_600)
    scene.world.time.shift(seconds: 7_200)
    try await scene.world.step()
    scene.pass(seconds: 599)
    try await scene.world.step()
    #expect(try await scene.status(payment) == .open)
    scene.pass(seconds: 1)
    try await scene.world.step()
    #expect(try await scene.status(payment) == .expired)
    try await scene.world.close()
  }

  @Test("where no mempool at our tip can be read, that is told")
  func nobodyToLookAt() async throws {
    let scene = try await Scene(nodes: 3, quorum: 2)
    let before = try #require(try await scene.cursor())
    scene.pass(seconds: 10)
    for place in 0..<2 { scene.node(place).inject(Fault(.mempoolLoading)) }
    let one = try await scene.world.step()
    #expect(one.isAtTip)
    #expect(one.hold == .noMempool(before.tip))
    scene.node(2).inject(Fault(.error(code: -1, message: "no"), method: "getrawmempool"))
    #expect(try await scene.world.step().hold == .noMempool(before.tip))
    #expect(try await scene.world.step().lookedThrough == before.lookedThrough)
    for place in 0..<3 { scene.node(place).removeAllFaults() }
    let after = try await scene.world.step()
    #expect(after.hold == nil)
    #expect(after.lookedThrough == scene.world.time.now)
    try await scene.world.close()
  }

  @Test("a large mempool is looked into a part at a time, and only the whole lets deadlines pass")
  func inParts() async throws {
    let scene = try await Scene { $0.lookTransactions = 2 }
    let unpaid = try await scene.request(order: "unpaid", expiresInSeconds: 60)
    var payments: [Payment] = []
    for order in 0..<4 {
      let payment = try await scene.request(order: "\(order)")
      try scene.node.pay(scene.script(payment), value: 150_000)
      payments.append(payment)
    }
    func seen() async throws -> Int {
      var count = 0
      for payment in payments where try await scene.status(payment) == .processing { count += 1 }
      return count
    }
    scene.pass(seconds: 61)
    #expect(try await scene.world.step().isBusy)
    #expect(try await seen() == 2)
    #expect(try await scene.status(unpaid) == .open)
    // A failure costs nothing of what is known.
    scene.node.inject(
      Fault(.error(code: -1, message: "no"), method: "getrawtransaction", count: 1))
    #expect(try await scene.world.step().hold != nil)
    let requests = Mutex(0)
    scene.world.links[0].onRequest { body in
      if String(decoding: body, as: UTF8.self).contains("getrawtransaction") {
        requests.withLock { $0 += 1 }
      }
    }
    #expect(try await scene.world.step().isBusy == false)
    #expect(try await seen() == 4)
    #expect(requests.withLock { $0 } == 1)
    #expect(try await scene.status(unpaid) == .expired)
    // Nor is anything fetched twice.
    scene.pass(seconds: 10)
    try await scene.world.stepUntilQuiet()
    #expect(requests.withLock { $0 } == 1)
    try await scene.world.close()
  }

  @Test("a node that lists what it hasn't is left for another")
  func contradiction() async throws {
    let scene = try await Scene(nodes: 2)
    let payment = try await scene.request()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.share()
    scene.node.inject(
      Fault(.error(code: -5, message: "No such mempool transaction"), method: "getrawtransaction"))
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .processing)
    try await scene.world.close()
  }
}
