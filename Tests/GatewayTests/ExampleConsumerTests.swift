import Foundation
import GatewayFixtures
import Glibc
import JSON
import Tenancy
import TestSupport
import Testing

@Suite("the example of a consumer in Python", .enabled(if: Python.path != nil, "needs python3"))
struct ExampleConsumerTests {
  @Test("a consumer of the stream that is killed and started again loses and repeats nothing")
  func stream() async throws {
    try await TestGateway.run(.init(ready: 40)) { gateway in
      let directory = try TemporaryDirectory()
      let key = try #require(gateway.keys[TestGateway.tenant])
      let source = [
        "--url", "http://127.0.0.1:\(gateway.port)", "--key-file",
        try directory.write("key", key.text.utf8),
      ]
      let making = Task {
        for number in 0..<24 {
          let id = try await gateway.made("order-\(number)")
          if number % 2 == 0 { _ = try await gateway.decide("cancel", id) }
        }
      }
      // 36 events; each life sees a few of them before it is killed.
      var handled = 0
      while handled < 36 {
        let consumer = try Python(directory, source)
        handled += try await consumer.handle(min(5, 36 - handled))
        await consumer.kill()
        handled = try await Python.report(directory).events
      }
      try await making.value
      let report = try await Python.report(directory)
      #expect(report.events == 36)
      #expect(report.orders.count == 24)
      for order in report.orders {
        let isCanceled = order.events == 2
        #expect(order.status == (isCanceled ? "canceled" : "open"))
      }
      #expect(report.waiting == 0 && report.parked == [])
    }
  }

  @Test("messages as kcat prints them, late, twice, forged or torn, have each effect once")
  func kcat() async throws {
    let directory = try TemporaryDirectory()
    func event(_ subject: String, _ sequence: Int, fact: String = "") -> String {
      let id = "\(subject)-\(sequence)\(fact)"
      return """
        {"specversion":"1.0","id":"\(id)","source":"/paywatch","type":"payment.paid",\
        "subject":"\(subject)","time":"2027-01-15T08:00:00Z","sequence":\(sequence),\
        "datacontenttype":"application/json",\
        "data":{"order_id":"o-\(subject)","id":"\(subject)","status":"s\(sequence)"}}
        """
    }
    let payloads: [(key: String, payload: String)] = [
      ("a", event("a", 1)), ("a", event("a", 1)), ("a", event("a", 3)), ("b", event("b", 1)),
      ("a", event("a", 2)), ("c", "{\"specversion\""), ("c", event("c", 1)),
      ("b", event("b", 1, fact: "rival")), ("b", event("b", 2)), ("a", event("a", 4)),
      ("d", event("d", 1).replacing(#""order_id":"o-d","#, with: "")), ("e", event("e", 1)),
      ("e", event("x", 1)),
    ]
    let lines = payloads.enumerated().map { offset, message in
      let envelope: JSONValue = [
        "topic": "payment-events", "partition": 0, "offset": .integer(offset),
        "tstype": "create", "headers": ["paywatch-position", .string("\(offset + 1)")],
        "key": .string(message.key), "payload": .string(message.payload),
      ]
      return envelope.json
    }
    // Killed with a part of its input, then given all of it twice.
    for count in [3, 7, lines.count, lines.count] {
      let consumer = try Python(directory, ["--stdin"], input: lines.prefix(count))
      if count < lines.count {
        _ = try await consumer.handle(1)
        await consumer.kill()
      } else {
        #expect(await consumer.end() == 0)
      }
    }
    let report = try await Python.report(directory)
    #expect(
      report.orders.map { "\($0.id) \($0.status) \($0.events)" } == [
        "o-a s4 4", "o-b s1 1", "o-e s1 1",
      ])
    #expect(report.waiting == 3)
    #expect(Set(report.parked) == ["c", "b", "d", "e"])
  }

  @Test("a consumer that a server doesn't let in says so and ends")
  func refused() async throws {
    try await TestGateway.run { gateway in
      let directory = try TemporaryDirectory()
      let consumer = try Python(
        directory,
        [
          "--url", "http://127.0.0.1:\(gateway.port)", "--key-file",
          try directory.write("key", Array("nonsense".utf8)),
        ])
      #expect(await consumer.end() == 1)
    }
  }
}

/// `deploy/examples/consumer.py` as a process, with its database in a directory.
private final class Python {
  struct Report {
    var orders: [(id: String, status: String, events: Int)]
    var waiting: Int
    var parked: [String]

    var events: Int { orders.reduce(0) { $0 + $1.events } }
  }

  /// Where python3 is, if it is anywhere on the PATH.
  static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").map { "\($0)/python3" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  private let process = Process()
  private let output = Pipe()
  private let ended: AsyncStream<Void>
  private let lines: AsyncStream<String>

  init(
    _ directory: TemporaryDirectory, _ arguments: [String], input: some Sequence<String> = []
  ) throws {
    process.executableURL = URL(filePath: try #require(Self.path))
    process.arguments =
      [PackageFiles.root.appending(path: "deploy/examples/consumer.py").path, "--database"]
      + [directory.path("orders.sqlite")] + arguments
    process.standardInput = try FileHandle(
      forReadingFrom: URL(
        filePath: directory.write("input", input.map { "\($0)\n" }.joined().utf8)))
    process.standardOutput = output
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    self.ended = ended
    process.terminationHandler = { _ in end.finish() }
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    self.lines = lines
    let handle = output.fileHandleForReading
    try process.run()
    Thread.detachNewThread {
      var rest = ""
      while true {
        let data = handle.availableData
        if data.isEmpty { return line.finish() }
        rest += String(decoding: data, as: UTF8.self)
        while let end = rest.firstIndex(of: "\n") {
          line.yield(String(rest[..<end]))
          rest = String(rest[rest.index(after: end)...])
        }
      }
    }
  }

  deinit { if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) } }

  /// Waits until it says that it has handled `count` events, or that it has ended.
  func handle(_ count: Int) async throws -> Int {
    var handled = 0
    for await line in lines where line.hasPrefix("handled") {
      handled += 1
      if handled == count { break }
    }
    return handled
  }

  func kill() async {
    Glibc.kill(process.processIdentifier, SIGKILL)
    _ = await end()
  }

  func end() async -> Int32 {
    for await _ in ended {}
    return process.terminationStatus
  }

  static func report(_ directory: TemporaryDirectory) async throws -> Report {
    let python = try Python(directory, ["--report"])
    var text = ""
    for await line in python.lines { text += line }
    let value = try JSONValue(parsing: Array(text.utf8))
    let orders = try #require(value["orders"]?.elements).map { row in
      let row = row.elements ?? []
      return (
        id: row.first?.string ?? "", status: row.dropFirst().first?.string ?? "",
        events: row.last?.integer(Int.self) ?? 0
      )
    }
    return Report(
      orders: orders, waiting: value["waiting"]?.elements?.count ?? 0,
      parked: (value["parked"]?.elements ?? []).compactMap { $0.elements?.first?.string })
  }
}
