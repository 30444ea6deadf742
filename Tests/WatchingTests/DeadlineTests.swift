import Bytes
import ChainSim
import Database
import Payments
import Settlement
import Simulation
import Testing

@Suite("Deadlines")
struct DeadlineTests {
  @Test("a payment expires once a look has passed its deadline, not before")
  func expiry() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 60)
    try await scene.world.step()
    #expect(try await scene.status(payment) == .open)
    scene.pass(seconds: 6)
    try await scene.world.step()
    #expect(try await scene.status(payment) == .expired)
    #expect(try await scene.story(payment) == ["created", "expired"])
    try await scene.world.close()
  }

  @Test("while no node answers, nothing expires")
  func nodesDown() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.world.links[0].isCut = true
    for _ in 0..<5 {
      scene.pass(seconds: 60)
      try await scene.world.step()
    }
    #expect(try await scene.status(payment) == .open)
    try await scene.world.close()
  }

  @Test("a payment that was mined in time while the watcher was down is paid, however late it is")
  func downtime() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 600)
    try scene.node.pay(scene.script(payment), value: 150_000)
    scene.pass(seconds: 300)
    try scene.node.mine()
    scene.pass(seconds: 4_000)
    try scene.node.mine()
    try await scene.world.restart()
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .paid)
    #expect(!now.isLate)
    #expect(try await scene.story(payment) == ["created", "processing", "paid"])
    try await scene.world.close()
  }

  // deadline │   · 600 ·
  //     seen ├ 0 · · · · · · · · 2,400
  //     sent │ · 300 · 900 (mined)
  @Test(
    "what came in time while nobody could look is in time, though mined after the deadline",
    arguments: [true, false])
  func nobodyLooked(isProcessDown: Bool) async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 600)
    scene.world.links[0].isCut = true
    scene.pass(seconds: 300)
    try scene.node.pay(scene.script(payment), value: 150_000)
    scene.pass(seconds: 600)
    if !isProcessDown { try await scene.world.step() }
    try scene.node.mine(6)
    scene.pass(seconds: 1_500)
    scene.world.links[0].isCut = false
    if isProcessDown { try await scene.world.restart() }
    try await scene.world.stepUntilQuiet()
    #expect(try await scene.status(payment) == .settled)
    #expect(try await scene.world.payment(payment.terms.id).isLate == false)
    let differences = try await scene.world.database.read { try ReplayCheck.differences(in: $0) }
    #expect(differences.isEmpty)
    try await scene.world.close()
  }

  @Test(
    "one second late, the tenant's policy decides, and nothing is lost",
    arguments: [PaymentTerms.LatePolicy.hold, .accept])
  func oneSecondLate(policy: PaymentTerms.LatePolicy) async throws {
    let scene = try await Scene { settings in
      var tenant = TenantPolicy()
      tenant.late = policy
      settings.policies = ["roastery": tenant]
    }
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 61)
    try await scene.world.stepUntilQuiet()
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.isLate)
    #expect(now.received.decimal == "150000")
    #expect(try await scene.story(payment).contains("late"))
    switch policy {
    case .accept: #expect(now.status == .settled)
    case .hold, .refund:
      #expect(now.heldValue.decimal == "150000")
      #expect(now.status == .expired)
    }
    try await scene.world.close()
  }

  @Test("on the second, it is in time")
  func onTheSecond() async throws {
    let scene = try await Scene()
    let payment = try await scene.request(expiresInSeconds: 60)
    scene.pass(seconds: 60)
    try scene.node.pay(scene.script(payment), value: 150_000)
    try scene.node.mine(6)
    try await scene.world.stepUntilQuiet()
    let now = try await scene.world.payment(payment.terms.id)
    #expect(now.status == .settled)
    #expect(!now.isLate)
    try await scene.world.close()
  }
}
