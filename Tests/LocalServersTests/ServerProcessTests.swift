import Foundation
import LocalServers
import TestSupport
import Testing

@Suite("Local server processes")
struct ServerProcessTests {
  private static func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

  @Test("a server that is told to stop ends, and one that won't is killed")
  func stopping() async throws {
    let directory = try TemporaryDirectory()
    let polite = try ServerProcess(.init(["sleep", "600"], log: directory.path("a.log")))
    #expect(Self.isAlive(polite.pid))
    await polite.stop()
    #expect(!polite.isRunning)
    #expect(!Self.isAlive(polite.pid))

    let stubborn = try ServerProcess(
      .init(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 600; done"],
        log: directory.path("b.log")))
    try await stubborn.waitUntilReady { stubborn.logTail() == "ready" }
    await stubborn.stop(within: .milliseconds(200))
    #expect(!stubborn.isRunning)
    #expect(!Self.isAlive(stubborn.pid))
  }

  @Test("a server that ends before it is ready is an error with what it said")
  func endsEarly() async throws {
    let directory = try TemporaryDirectory()
    let process = try ServerProcess(
      .init(["sh", "-c", "echo no such setting; exit 3"], log: directory.path("log")))
    await #expect {
      try await process.waitUntilReady { false }
    } throws: { error in
      "\(error)".contains("no such setting")
    }
  }

  @Test("a paused server goes on when it is told to")
  func pausing() async throws {
    let directory = try TemporaryDirectory()
    let process = try ServerProcess(
      .init(["sh", "-c", "while :; do echo tick; sleep 0.01; done"], log: directory.path("log")))
    try await process.waitUntilReady { !process.logTail().isEmpty }
    func state() throws -> String {
      let text = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
      return String(text.split(separator: " ")[2])
    }
    process.send(.stop)
    try await waitUntil { try state() == "T" }
    process.send(.continue)
    try await waitUntil { try state() != "T" }
    await process.stop()
  }

  @Test("a server ends with the process that started it, even one that is killed")
  func diesWithParent() async throws {
    let directory = try TemporaryDirectory()
    let file = directory.path("pid")
    let log = directory.path("log")
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [file = file as String, log = log as String] in
      let process = try ServerProcess(.init(["sleep", "600"], log: log))
      try String(process.pid).write(toFile: file, atomically: true, encoding: .utf8)
      kill(getpid(), SIGKILL)
    }
    let pid = try #require(Int32(try String(contentsOfFile: file, encoding: .utf8)))
    try await waitUntil { !Self.isAlive(pid) }
  }

  @Test("free ports are different ones")
  func ports() throws {
    let ports = try LocalPorts.free(8)
    #expect(Set(ports).count == 8)
    #expect(!ports.contains(0))
  }
}
