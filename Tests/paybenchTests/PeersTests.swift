import Foundation
import TestSupport
import Testing

@testable import paybench

@Suite("libraries to measure beside")
struct PeersTests {
  /// Stands where a Python would: a shell that speaks the same lines.
  private struct Stand {
    let directory: TemporaryDirectory
    let place: Peers.Place

    init(_ script: String) throws {
      directory = try TemporaryDirectory()
      let works = directory.url.appending(path: "peers.py")
      let python = directory.url.appending(path: "python")
      try Data().write(to: works)
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: python)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: python.path)
      place = Peers.Place(script: works, python: python)
    }

    func reference(check: String? = nil) throws -> Contest.Reference {
      try Peers(place, seconds: 0.25).reference(
        "library", work: "work", input: Array("input".utf8), check: check
      ) { 1 / $0 }
    }
  }

  @Test("one is given the input, works as long as it is told, and its own clock counts")
  func works() async throws {
    let stand = try Stand(
      """
      [ "$2" = work ] && [ "$(cat "$3")" = input ] || exit 1
      echo '{"check": "first"}'
      while read -r seconds && [ -n "$seconds" ]; do
        [ "$seconds" = 0.25 ] && echo '{"count": 20, "seconds": 0.5}'
      done
      """)
    let run = try #require(try stand.reference(check: "first").run)
    #expect(try await run() == 40)
    #expect(try await run() == 40)
  }

  @Test("one that gives another result does other work, and is refused")
  func otherWork() throws {
    let stand = try Stand(#"echo '{"check": "other"}'; read -r line"#)
    #expect(throws: BenchmarkFailure.self) { try stand.reference(check: "first") }
  }

  @Test("what is missing is absent: a library, and Python itself")
  func absent() throws {
    let stand = try Stand(#"echo '{"absent": "no such module"}'"#)
    #expect(try stand.reference().run == nil)
    let peers = Peers(
      .init(script: stand.place.script, python: URL(filePath: "/none/python3")), seconds: 1)
    #expect(try peers.reference("library", work: "work", input: [], check: nil) { $0 }.run == nil)
  }

  @Test("one that ends early, or says nothing that can be read, is a failure and no figure")
  func broken() async throws {
    #expect(throws: BenchmarkFailure.self) { try Stand("exit 3").reference() }
    #expect(throws: (any Error).self) { try Stand("echo nonsense").reference() }
    let stand = try Stand(#"echo '{"check": "x"}'; read -r line; echo '{"count": 0}'"#)
    let run = try #require(try stand.reference().run)
    await #expect(throws: BenchmarkFailure.self) { try await run() }
  }

  @Test("without the works' script nothing is measured beside nothing")
  func noScript() throws {
    let stand = try Stand("exit 0")
    try FileManager.default.removeItem(at: stand.place.script)
    #expect(throws: BenchmarkFailure.self) { try stand.reference() }
  }

  @Test("Bitcoin Core's figure is the first column of its row")
  func bitcoinCore() {
    let table = """

      |            ns/block |             block/s |    err% |     total | benchmark
      |--------------------:|--------------------:|--------:|----------:|:----------
      |        2,983,304.65 |              335.20 |    0.1% |      0.04 | `DeserializeBlockTest`
      """
    #expect(BitcoinCore.nanosecondsPerBlock(in: table) == 2_983_304.65)
    #expect(BitcoinCore.nanosecondsPerBlock(in: "") == nil)
    #expect(BitcoinCore.nanosecondsPerBlock(in: "| - | `DeserializeBlockTest`") == nil)
  }
}
