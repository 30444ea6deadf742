import Database
import LocalServers
import Orders
import ServiceCalls
import Supply
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Calls that fail")
struct CallFaultTests {
  @Test(
    "who has no token, or another one, is refused before anything is read",
    arguments: [
      "correct-horse-battery-staple-0002", "correct-horse-battery-staple-000",
      "correct-horse-battery-staple-00011",
    ])
  func wrongToken(token: String) async throws {
    let (stock, metrics) = (ScriptedStock(), MetricsRegistry())
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected(token: token, metrics: metrics) { connection in
        await #expect(throws: CallFailure.unauthenticated) {
          try await connection.stock.reserve(CallScene.reserve)
        }
      }
      #expect(stock.asked == [])
      #expect(metrics.prometheusText().contains(#"status="unauthenticated"} 1"#))
    }
  }

  @Test("tokens are changed one process after the other, without a refused call")
  func rotation() async throws {
    let (old, new) = (CallScene.token, "correct-horse-battery-staple-next")
    let stock = ScriptedStock()
    try await CallScene.run(
      stock: stock, configure: { $0.tokens = CallTokens([old, new]) }
    ) { scene in
      for token in [old, new] {
        try await scene.connected(token: token) { connection in
          let reply = try await connection.stock.reserve(CallScene.reserve)
          #expect(reply == .reserved)
        }
      }
    }
  }

  @Test("a call that takes too long is given up, and its work cancelled at the server")
  func deadline() async throws {
    let gate = Gate()
    let stock = ScriptedStock { _ in
      try await gate.pass()
      return .reserved
    }
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected(timeout: .milliseconds(300)) { connection in
        // On a busy machine the time may pass before the call is made.
        repeat {
          await #expect(throws: CallFailure.deadlineExceeded) {
            try await connection.stock.reserve(CallScene.reserve)
          }
        } while gate.begun == 0
      }
      try await waitUntil("the work is cancelled") { gate.cancelled == gate.begun }
      #expect(scene.failures.all == [])
    }
  }

  @Test("a database that isn't there is a service that isn't there; what else fails isn't told")
  func failures() async throws {
    struct Mistake: Error {}
    let stock = ScriptedStock { request in
      if request.revision == 3 { throw DatabaseError.connectionLost("gone", commitIsUnknown: true) }
      throw Mistake()
    }
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected { connection in
        let gone = await #expect(throws: CallFailure.self) {
          try await connection.stock.reserve(CallScene.reserve)
        }
        guard case .unavailable = gone else {
          Issue.record("\(String(describing: gone))")
          return
        }
        let failed = await #expect(throws: CallFailure.self) {
          try await connection.stock.reserve(
            ReserveStock(
              tenant: "t", order: "o", location: "l", revision: 1, lines: [], until: nil))
        }
        #expect(failed?.description.contains("Mistake") == false)
        guard case .refused("internalError", _) = failed else {
          Issue.record("\(String(describing: failed))")
          return
        }
      }
      #expect(scene.failures.all.count == 2)
    }
  }

  @Test("a server that nobody started, or that has gone, is unavailable; the next one is found")
  func restart() async throws {
    let stock = ScriptedStock()
    let port = Int(try LocalPorts.one())
    let nobody = CallScene(
      port: port, serverMetrics: MetricsRegistry(), failures: CallScene.Failures())
    try await nobody.connected { connection in
      func expectUnavailable() async {
        let failure = await #expect(throws: CallFailure.self) {
          try await connection.stock.reserve(CallScene.reserve)
        }
        guard case .unavailable = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
      }
      await expectUnavailable()
      for _ in 0..<3 {
        let running = try await CallScene.start(stock: stock, port: port)
        try await waitUntil("it is connected to") {
          (try? await connection.stock.reserve(CallScene.reserve)) == .reserved
        }
        await running.end()
        await expectUnavailable()
      }
    }
  }

  @Test("a server that dies in the middle of calls fails them all at once, and they are repeated")
  func death() async throws {
    let gate = Gate()
    let stock = ScriptedStock { _ in
      try await gate.pass()
      return .reserved
    }
    let running = try await CallScene.start(stock: stock) { $0.shutdownGraceSeconds = 0 }
    let port = running.scene.port
    try await running.scene.connected { connection in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<20 {
          group.addTask {
            do {
              _ = try await connection.stock.reserve(CallScene.reserve)
              return false
            } catch CallFailure.unavailable {
              return true
            }
          }
        }
        try await waitUntil("all are asked") { gate.begun == 20 }
        await running.end()
        for try await hasFailed in group { #expect(hasFailed) }
      }
      gate.open()
      let next = try await CallScene.start(stock: stock, port: port)
      try await waitUntil("the next one answers") {
        (try? await connection.stock.reserve(CallScene.reserve)) == .reserved
      }
      await next.end()
    }
  }

  @Test("a server that is told to end answers what it has begun")
  func draining() async throws {
    let gate = Gate()
    let stock = ScriptedStock { _ in
      try await gate.pass()
      return .reserved
    }
    let running = try await CallScene.start(stock: stock)
    try await running.scene.connected { connection in
      async let answer = connection.stock.reserve(CallScene.reserve)
      try await waitUntil("it is asked") { gate.begun == 1 }
      running.task.cancel()
      try await waitUntil("it takes no more") {
        !LocalPorts.accepts(UInt16(running.scene.port))
      }
      gate.open()
      #expect(try await answer == .reserved)
      _ = await running.task.result
    }
  }

  @Test("in TLS, only who trusts the certificate's authority is answered")
  func encryption() async throws {
    let directory = try TemporaryDirectory()
    let own = try await LocalCertificate.make(in: directory.path(""), name: "own")
    let other = try await LocalCertificate.make(in: directory.path(""), name: "other")
    try await CallScene.run(
      stock: ScriptedStock(),
      configure: { $0.security = .tls(certificate: own.certificate, key: own.key) }
    ) { scene in
      try await scene.connected(security: .tls(authority: own.certificate)) { connection in
        let reply = try await connection.stock.reserve(CallScene.reserve)
        #expect(reply == .reserved)
      }
      for security in [.plain, .tls(authority: other.certificate), .tls(authority: nil)]
        as [ServiceConnection.Security]
      {
        try await scene.connected(security: security) { connection in
          await #expect(throws: CallFailure.self) {
            try await connection.stock.reserve(CallScene.reserve)
          }
        }
      }
    }
  }

  @Test("an address that is taken is told at the start")
  func taken() async throws {
    try await CallScene.run(stock: ScriptedStock()) { scene in
      await #expect(throws: (any Error).self) {
        try await CallScene.start(stock: ScriptedStock(), port: scene.port).end()
      }
    }
  }
}
