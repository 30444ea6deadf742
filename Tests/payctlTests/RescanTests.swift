import ChainSim
import Database
import Foundation
import Payments
import SQLite
import Simulation
import TestSupport
import Testing
import Watching

@Suite("payctl rescan")
struct RescanTests {
  private struct Line: Decodable {
    let difference: String
    let blockHeight: Int
    let txid: String
    let amountMinor: String
    let address: String?
    let paymentId: String?
    let recorded: String?
    let written: String?
  }

  private struct Summary: Decodable {
    let fromHeight: Int
    let throughHeight: Int
    let blocks: Int
    let transfers: Int
    let missing: Int
    let surplus: Int
    let written: Int
  }

  private struct Last: Decodable { let summary: Summary }

  private struct Report {
    let lines: [Line]
    let summary: Summary

    init(_ outcome: Program.Outcome) throws {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let texts = outcome.lines.map { Data($0.utf8) }
      lines = try texts.dropLast().map { try decoder.decode(Line.self, from: $0) }
      let last = try #require(texts.last, "\(outcome.errors)")
      summary = try decoder.decode(Last.self, from: last).summary
    }
  }

  @Test("a range that is recorded as it stands is clean")
  func clean() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.mine(3)
    try await scene.settle()
    let outcome = try await scene.rescan("--from", "100", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try Report(outcome)
    #expect(report.lines.isEmpty)
    #expect(report.summary.fromHeight == 100 && report.summary.throughHeight == 113)
    #expect(report.summary.blocks == 14)
    #expect(report.summary.transfers == 1)
    let table = try await scene.rescan("--from", "111", "--to", "112", "--write")
    #expect(table.status == 0)
    #expect(table.output.contains("2 blocks"))
    try await scene.close()
  }

  @Test("money that came before its address was watched is told, and credited when asked to")
  func watchedLater() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try await scene.payUnwatched(payment, value: 150_000, blocks: 3)
    #expect(try await scene.status(payment) == .open)

    let told = try await scene.rescan("--from", "105", "--format", "json")
    #expect(told.status == 1, "\(told.errors)")
    let report = try Report(told)
    #expect(report.lines.count == 1)
    #expect(report.lines.first?.difference == "missing")
    #expect(report.lines.first?.blockHeight == 111)
    #expect(report.lines.first?.amountMinor == "150000")
    #expect(report.lines.first?.address == payment.terms.address)
    #expect(report.lines.first?.paymentId == payment.terms.id)
    #expect(report.lines.first?.recorded == nil)
    #expect(report.summary.missing == 1 && report.summary.written == 0)
    // Telling changes nothing.
    #expect(try await scene.status(payment) == .open)

    let written = try await scene.rescan("--from", "105", "--write", "--format", "json")
    #expect(written.status == 0, "\(written.errors)")
    #expect(try Report(written).lines.map(\.written) == ["confirmed"])
    #expect(try await scene.status(payment) == .paid)
    #expect(try await scene.replayDifferences().isEmpty)

    // A watcher that ran meanwhile finds its cursor stale, reads again and goes on.
    try scene.node.mine(4)
    await #expect(throws: StaleCursor.self) { try await scene.pipeline.step() }
    try await scene.settle()
    #expect(try await scene.status(payment) == .settled)
    let story = try await scene.pipeline.story(of: payment.terms.id)
    #expect(
      story == ["payment.created", "payment.processing", "payment.paid", "payment.settled"])
    #expect(try await scene.replayDifferences().isEmpty)
    #expect(try await scene.rescan("--from", "105").status == 0)
    try await scene.close()
  }

  @Test("what is final by its depth is recorded as such, and its steps are told in order")
  func deep() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try await scene.payUnwatched(payment, value: 150_000, blocks: 9)
    let written = try await scene.rescan("--from", "105", "--write", "--format", "json")
    #expect(written.status == 0, "\(written.errors)")
    let line = try #require(try Report(written).lines.first)
    #expect(line.written == "final")
    #expect(try await scene.status(payment) == .settled)
    let story = try await scene.pipeline.story(of: "bitcoin-regtest/\(line.txid)/0")
    #expect(story == ["transfer.included", "transfer.confirmed", "transfer.final"])
    try await scene.close()
  }

  @Test("a transfer that was lost from the database comes back with the same credit")
  func lost() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.mine(3)
    try await scene.settle()
    try await scene.database.write { connection in
      try connection.execute("DELETE FROM transfers")
      try connection.execute("DELETE FROM transfer_inputs")
    }
    #expect(try await !scene.replayDifferences().isEmpty)
    let told = try await scene.rescan("--from", "111")
    #expect(told.status == 1)
    #expect(told.output.contains("1 missing"))
    #expect(try await scene.rescan("--from", "111", "--write").status == 0)
    #expect(try await scene.replayDifferences().isEmpty)
    let now = try await scene.pipeline.payment(payment.terms.id)
    #expect(now.status == .paid)
    #expect(now.transfers.count == 1)
    #expect(try await scene.rescan("--from", "111").status == 0)
    try await scene.close()
  }

  @Test("what is recorded in a block that doesn't hold it is told, and left to a person")
  func surplus() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try scene.node.pay(SimulatedWorld.script(of: payment.terms), value: 150_000)
    try scene.node.mine(3)
    try await scene.settle()
    try await scene.database.write { connection in
      try connection.execute("UPDATE transfers SET position = 9")
    }
    let outcome = try await scene.rescan("--from", "111", "--write", "--format", "json")
    #expect(outcome.status == 1)
    let report = try Report(outcome)
    #expect(report.lines.map(\.difference) == ["missing", "surplus"])
    #expect(report.lines.map { $0.written != nil } == [true, false])
    try await scene.close()
  }

  @Test("a forged block is refused by name and reason, and nothing is written")
  func forged() async throws {
    let scene = try await RescanScene()
    let payment = try await scene.request()
    try await scene.payUnwatched(payment, value: 150_000, blocks: 3)
    scene.node.inject(Fault(.wrongBlock(.flippedBit), method: "getblock"))
    let outcome = try await scene.rescan("--from", "105", "--write")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("no node gives a valid block"), "\(outcome.errors)")
    #expect(outcome.errors.contains("node-1: its merkle root is"))
    #expect(try await scene.status(payment) == .open)

    // Another node's word is enough, and the liar is told.
    let honest = scene.node.copy(name: "node-2", seed: 6)
    honest.removeAllFaults()
    try await scene.serve([scene.node, honest])
    let healed = try await scene.rescan("--from", "105", "--write")
    #expect(healed.status == 0, "\(healed.errors)")
    #expect(healed.errors.contains("node node-1 isn't believed"))
    #expect(try await scene.status(payment) == .paid)
    try await scene.close()
  }

  @Test("a pruned node is told as one")
  func pruned() async throws {
    let scene = try await RescanScene()
    scene.node.inject(Fault(.prunedBelow(height: 109)))
    let outcome = try await scene.rescan("--from", "105")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("node-1: has pruned it"), "\(outcome.errors)")
    #expect(try await scene.rescan("--from", "109").status == 0)
    try await scene.close()
  }

  @Test("blocks below the headers that are kept must lead to them")
  func belowHeaders() async throws {
    let scene = try await RescanScene()
    try await scene.database.write { connection in
      try connection.execute("DELETE FROM headers WHERE height < 107")
    }
    let outcome = try await scene.rescan("--from", "0", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Report(outcome).summary.blocks == 111)
    let low = try await scene.rescan("--from", "3", "--to", "5", "--format", "json")
    #expect(try Report(low).summary.blocks == 3)

    try await scene.database.write { connection in
      try connection.execute("UPDATE headers SET parent = zeroblob(32) WHERE height = 107")
    }
    let refused = try await scene.rescan("--from", "0")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("no node gives the headers"), "\(refused.errors)")
    try await scene.close()
  }

  @Test("a coverage that names another block is told before anything is read")
  func contradiction() async throws {
    let scene = try await RescanScene()
    try await scene.database.write { connection in
      try connection.execute(
        "UPDATE coverage SET through_hash = zeroblob(32) WHERE through_height = 108")
    }
    let outcome = try await scene.rescan("--from", "105")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("don't fit together at block 108"), "\(outcome.errors)")
    try await scene.close()
  }

  @Test("nodes that don't have the scanned tip, or are too few, aren't asked for blocks")
  func disagreement() async throws {
    let scene = try await RescanScene()
    let behind = scene.node.copy(name: "node-2", seed: 6)
    try scene.node.mine()
    try await scene.settle()
    try await scene.serve([scene.node, behind], quorum: 2)
    let outcome = try await scene.rescan("--from", "105")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("1 nodes have block 111"), "\(outcome.errors)")
    #expect(outcome.errors.contains("and 2 must"))
    try await scene.close()
  }

  @Test("ranges and chains that aren't there are refused")
  func refusals() async throws {
    let scene = try await RescanScene()
    let above = try await scene.rescan("--from", "105", "--to", "111")
    #expect(above.errors.contains("block 111 wasn't scanned yet: the last one is 110"))
    #expect(try await scene.rescan("--from", "108", "--to", "107").status == 1)
    let config = scene.scratch.url.appending(path: "paywatch.yaml").path
    let chain = try await Program.payctl.finish(
      ["rescan", "--config", config, "--chain", "bitcoin", "--from", "1"])
    #expect(chain.errors.contains("has no chain bitcoin; it has bitcoin-regtest"))
    let none = try await Program.payctl.finish(
      ["rescan", "--config", config + "x", "--chain", "bitcoin", "--from", "1"])
    #expect(none.status == 1)
    #expect(none.errors.contains("can't be read"))
    try await scene.close()
  }
}
