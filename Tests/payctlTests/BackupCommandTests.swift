import Database
import Foundation
import TestSupport
import Testing

@Suite("payctl backup and restore")
struct BackupCommandTests {
  private struct Line: Decodable {
    let engine: String
    let contents: Contents

    struct Contents: Decodable {
      let restoreEpoch: Int?
      let lastPosition: Int
      let chains: [Chain]
      let accounts: [Account]
      let rows: [String: Int]
    }

    struct Chain: Decodable {
      let chain: String
      let tipHeight: Int
    }

    struct Account: Decodable {
      let tenant: String
      let nextIndex: Int
      let addresses: Int
      let handedOut: Int
    }
  }

  private struct Restored: Decodable {
    let formerEpoch: Int
    let restoreEpoch: Int
    let retiredAddresses: Int
    let addressesWatchedAhead: Int
  }

  private struct Address: Decodable {
    let ordinal: Int
    let touched: Bool
    let paymentId: String?
  }

  @Test("a backup says what is in it, and can be checked")
  func backup() async throws {
    let sample = try await SampleDatabase()
    let path = sample.scratch.path("backup")
    let taken = try sample.payctl("backup", "--to", path)
    #expect(taken.status == 0, "\(taken.errors)")
    let line = try taken.object(Line.self)
    #expect(line.engine == "sqlite")
    #expect(line.contents.chains.map(\.chain) == ["bitcoin-regtest"])
    #expect(line.contents.chains.map(\.tipHeight) == [101])
    let account = try #require(line.contents.accounts.first)
    #expect(account.tenant == "shop" && account.nextIndex == 5)
    #expect(account.addresses == 5 && account.handedOut == 2)
    #expect(line.contents.rows["payments"] == 2)
    #expect(line.contents.lastPosition > 0)
    let checked = try Program.payctl.run("backup", "--verify", path)
    #expect(checked.status == 0 && checked.output == taken.output)
    let again = try sample.payctl("backup", "--to", path)
    #expect(again.status != 0 && again.errors.contains("nothing is overwritten"))
    #expect(try Program.payctl.run("backup", "--verify", sample.path).status != 0)
  }

  @Test("what is restored has the same payments and events, and says what comes next")
  func restore() async throws {
    let sample = try await SampleDatabase()
    let (backup, target) = (sample.scratch.path("backup"), sample.scratch.path("new.sqlite"))
    #expect(try sample.payctl("backup", "--to", backup).status == 0)
    let restored = try Program.payctl.run(
      "restore", "--from", backup, "--database", target, "--epoch", "1")
    #expect(restored.status == 0, "\(restored.errors)")
    #expect(restored.output.contains("Set restore_epoch: 1 in the configuration"))
    #expect(restored.output.contains("bitcoin-regtest from block 102 on"))
    for what in [["payment", "list"], ["chain", "status"], ["coverage"], ["events"]] {
      let arguments = what == ["events"] ? what : what + ["--format", "json"]
      let before = try Program.payctl.run(arguments + ["--database", sample.path])
      let after = try Program.payctl.run(arguments + ["--database", target])
      #expect(after.status == 0 && !before.output.isEmpty, "\(after.errors)")
      if what != ["chain", "status"] { #expect(after.output == before.output) }
    }
    let free = try Program.payctl.run(
      "address", "list", "--free", "--format", "json", "--database", target)
    #expect(free.status == 0 && free.output.isEmpty, "\(free.errors)")
    let again = try Program.payctl.run(
      "restore", "--from", backup, "--database", target, "--epoch", "1")
    #expect(again.status != 0 && again.errors.contains("nothing is overwritten"))
  }

  @Test("look-ahead and epoch are the operator's")
  func options() async throws {
    let sample = try await SampleDatabase()
    let (backup, target) = (sample.scratch.path("backup"), sample.scratch.path("new.sqlite"))
    #expect(try sample.payctl("backup", "--to", backup).status == 0)
    let low = try Program.payctl.run(
      "restore", "--from", backup, "--database", target, "--epoch", "0")
    #expect(low.status != 0 && low.errors.contains("no restore epoch that can be begun"))
    let restored = try Program.payctl.run(
      "restore", "--from", backup, "--database", target, "--epoch", "2", "--look-ahead", "7",
      "--format", "json")
    let answer = try restored.object(Restored.self)
    #expect(answer.formerEpoch == 0 && answer.restoreEpoch == 2)
    #expect(answer.retiredAddresses == 3 && answer.addressesWatchedAhead == 14)
    let addresses = try Program.payctl.run(
      "address", "list", "--limit", "100", "--format", "json", "--database", target
    ).objects(Address.self)
    #expect(addresses.map(\.ordinal) == Array(1...19))
    #expect(addresses.allSatisfy { $0.touched == ($0.paymentId == nil) })
  }

  @Test("a damaged backup is refused, and no database is made")
  func damaged() async throws {
    let sample = try await SampleDatabase()
    let (backup, target) = (sample.scratch.path("backup"), sample.scratch.path("new.sqlite"))
    #expect(try sample.payctl("backup", "--to", backup).status == 0)
    var data = try Data(contentsOf: URL(filePath: backup))
    data[data.count / 2] ^= 1
    try sample.scratch.write("backup", data)
    for arguments in [["backup", "--verify", backup], ["restore", "--from", backup]] {
      let isRestore = arguments[0] == "restore"
      let outcome = try Program.payctl.run(
        arguments + (isRestore ? ["--database", target, "--epoch", "1"] : []))
      #expect(outcome.status != 0 && outcome.errors.contains("is damaged"), "\(outcome.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: target))
  }

  @Test("a database that was put back by other means begins its epoch in place")
  func inPlace() async throws {
    let sample = try await SampleDatabase()
    let outcome = try sample.payctl(
      "restore", "--in-place", "--epoch", "4", "--look-ahead", "2", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try outcome.object(Restored.self).restoreEpoch == 4)
    // Two of epoch 0, and two of each of the three between.
    #expect(try outcome.object(Restored.self).addressesWatchedAhead == 8)
    let again = try sample.payctl("restore", "--in-place", "--epoch", "4")
    #expect(again.status != 0 && again.errors.contains("isn't higher than 4"))
  }

  @Test("what doesn't go together is refused")
  func usage() throws {
    for arguments in [
      ["backup"], ["backup", "--database", "x"], ["backup", "--verify", "x", "--database", "y"],
      ["restore", "--database", "x", "--epoch", "1"],
      ["restore", "--from", "a", "--in-place", "--database", "x", "--epoch", "1"],
      ["restore", "--from", "a", "--database", "x"],
    ] {
      #expect(try Program.payctl.run(arguments).status == 64, "\(arguments)")
    }
  }
}
