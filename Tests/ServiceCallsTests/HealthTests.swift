import Foundation
import GRPCCore
import LocalServers
import ServiceCalls
import Supply
import SwiftProtobuf
import TestSupport
import Testing

@Suite("The standard health service")
struct HealthTests {
  typealias Health = Grpc_Health_V1_Health
  typealias Status = Grpc_Health_V1_HealthCheckResponse.ServingStatus

  @Test("it tells, without a token, of the process and of each service that it answers for")
  func check() async throws {
    try await CallScene.run(stock: ScriptedStock()) { scene in
      try await scene.client { client, _ in
        let health = Health.Client(wrapping: client)
        for service in ["", "paywatch.supply.v1.StockReservations"] {
          let answer = try await health.check(.with { $0.service = service })
          #expect(answer.status == .serving)
        }
        for service in ["paywatch.payments.v1.OrderPayments", "nobody"] {
          let error = await #expect(throws: RPCError.self) {
            try await health.check(.with { $0.service = service })
          }
          #expect(error?.code == .notFound)
        }
      }
    }
  }

  @Test("a process that drains says no while it still answers, and ends watches with it")
  func draining() async throws {
    let gate = Gate()
    let running = try await CallScene.start(
      stock: ScriptedStock(), configure: { $0.lameDuckSeconds = 60 },
      sleep: { _ in try await gate.pass() })
    try await running.scene.client { client, metadata in
      let health = Health.Client(wrapping: client)
      let told = try await health.watch(
        .with { $0.service = "paywatch.supply.v1.StockReservations" }
      ) { response in
        var told: [Status] = []
        for try await message in response.messages {
          told.append(message.status)
          guard told.count == 1 else { continue }
          running.task.cancel()
          try await waitUntil("health says no") {
            try await health.check(.init()).status == .notServing
          }
          let stock = Paywatch_Supply_V1_StockReservations.Client(wrapping: client)
          let consumed = try await stock.consume(
            .with {
              $0.tenant = "roastery"
              $0.order = "ord_1"
            }, metadata: metadata)
          #expect(consumed.consumed == .init())
          gate.open()
        }
        return told
      }
      #expect(told == [.serving, .notServing])
    }
    _ = await running.task.result
  }

  @Test("so many may watch and no more; the others may ask")
  func watches() async throws {
    let limit = 64
    try await CallScene.run(stock: ScriptedStock()) { scene in
      try await scene.client { client, _ in
        let health = Health.Client(wrapping: client)
        let (told, teller) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<limit {
            group.addTask {
              try await health.watch(.init()) { response in
                for try await _ in response.messages { teller.yield() }
              }
            }
          }
          var watching = 0
          for await _ in told {
            watching += 1
            if watching == limit { break }
          }
          let error = await #expect(throws: RPCError.self) {
            try await health.watch(.init()) { response in
              for try await _ in response.messages {}
            }
          }
          #expect(error?.code == .resourceExhausted)
          let asked = try await health.check(.init())
          #expect(asked.status == .serving)
          group.cancelAll()
        }
        // Whoever leaves makes room.
        try await waitUntil("there is room again") {
          let first = try? await health.watch(.init()) { response in
            try await response.messages.first { _ in true }
          }
          return first != nil
        }
      }
    }
  }

  @Test("a connection above the limit is closed at once, and one that closes makes room")
  func connections() async throws {
    try await CallScene.run(stock: ScriptedStock(), connectionLimit: 1) { scene in
      try await scene.client { first, _ in
        #expect(try await Health.Client(wrapping: first).check(.init()).status == .serving)
        try await scene.client { second, _ in
          var options = CallOptions.defaults
          options.timeout = .seconds(1)
          let refusing = options
          await #expect(throws: RPCError.self) {
            try await Health.Client(wrapping: second).check(.init(), options: refusing)
          }
        }
        #expect(try await Health.Client(wrapping: first).check(.init()).status == .serving)
      }
      try await scene.client { third, _ in
        try await waitUntil("there is room again") {
          (try? await Health.Client(wrapping: third).check(.init()))?.status == .serving
        }
      }
    }
  }

  @Test("a watch of a service that isn't here says so and stays")
  func unknown() async throws {
    try await CallScene.run(stock: ScriptedStock()) { scene in
      try await scene.client { client, _ in
        let first = try await Health.Client(wrapping: client).watch(
          .with { $0.service = "nobody" }
        ) { response in
          try await response.messages.first { _ in true }?.status
        }
        #expect(first == .serviceUnknown)
      }
    }
  }

  /// Another program's HTTP/2, and the bytes that the protocol prescribes: a flag, a length of four
  /// bytes, and field 1 as a varint.
  @Test("what goes over the wire is gRPC's")
  func wire() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("question", [0, 0, 0, 0, 0] as [UInt8])
    try await CallScene.run(stock: ScriptedStock()) { scene in
      let said = try await Self.finish([
        "curl", "--silent", "--http2-prior-knowledge", "--max-time", "60",
        "--header", "content-type: application/grpc", "--header", "te: trailers",
        "--data-binary", "@\(directory.path("question"))", "--output",
        directory.path("answer"), "--dump-header", directory.path("head"),
        "http://127.0.0.1:\(scene.port)/grpc.health.v1.Health/Check",
      ])
      #expect(said == "")
      let answer = try Data(contentsOf: URL(filePath: directory.path("answer")))
      #expect(Array(answer) == [0, 0, 0, 0, 2, 0x08, 0x01])
      let head = try String(contentsOfFile: directory.path("head"), encoding: .utf8)
      #expect(head.hasPrefix("HTTP/2 200"))
      #expect(head.contains("content-type: application/grpc"))
    }
  }

  private static let python = PackageFiles.root.appending(path: ".build/grpc-probe/bin/python").path

  /// `make test` installs it, from Python's package index.
  @Test(
    "gRPC's own client gets the same answers, also in TLS",
    .enabled(if: FileManager.default.isExecutableFile(atPath: python)), arguments: [false, true])
  func otherClient(isEncrypted: Bool) async throws {
    let directory = try TemporaryDirectory()
    let pem = try await LocalCertificate.make(in: directory.path(""))
    let probe = PackageFiles.root.appending(path: "Tests/ServiceCallsTests/Probe/probe.py").path
    try await CallScene.run(
      stock: ScriptedStock(),
      configure: {
        if isEncrypted { $0.security = .tls(certificate: pem.certificate, key: pem.key) }
      }
    ) { scene in
      for (service, expected) in [
        ("", "SERVING\nSERVING\n"),
        ("paywatch.supply.v1.StockReservations", "SERVING\nSERVING\n"),
        ("paywatch.payments.v1.OrderPayments", "NOT_FOUND\nSERVICE_UNKNOWN\n"),
      ] {
        let outcome = try await Self.finish(
          [Self.python, probe, "\(scene.port)", service]
            + (isEncrypted ? [pem.certificate] : []))
        #expect(outcome == expected)
      }
    }
  }

  /// What a program prints.
  private static func finish(_ arguments: [String]) async throws -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    // Lines, which a pipe holds.
    return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }
}
