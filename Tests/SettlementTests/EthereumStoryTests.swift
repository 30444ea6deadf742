import Addresses
import Bytes
import ChainTypes
import Database
import Foundation
import HTTPClient
import JSON
import Keys
import LocalServers
import NodeRPC
import Payments
import Settlement
import TestSupport
import Testing
import Watching

/// Payments on a chain whose blocks a real EVM makes.
@Suite("The way of payments on a real EVM")
struct EthereumStoryTests {
  @Test("ether and tokens are credited once they are proved, and settle with the chain's finality")
  func paid() async throws {
    let story = try await EthereumStory()
    let coins = try await story.pay("ETH", 1_000_000_000_000_000_000)
    let inner = try await story.pay("ETH", 2_500)
    let usdc = try await story.pay("USDC", 12_500_000)
    let usdt = try await story.pay("USDT", 3_000_000)
    let statuses = { try await story.statuses([coins, inner, usdc, usdt]) }

    try await story.fund(coins, 1_000_000_000_000_000_000)
    try await story.transact(
      "FORWARDER", "forward", [.string(inner.terms.address)], value: 2_500)
    try await story.transact("USDC", "transfer", [.string(usdc.terms.address), "12500000"])
    try await story.transact("USDT", "transfer", [.string(usdt.terms.address), "3000000"])
    #expect(try await statuses() == [.open, .open, .open, .open])

    try await story.mine(1)
    #expect(
      try await statuses() == [.processing, .processing, .processing, .processing])
    try await story.mine(1)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid])
    try await story.mine(3)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid], "deep, but not called final")
    _ = try await story.call("test_finalize")
    try await story.follow()
    #expect(try await statuses() == [.settled, .settled, .settled, .settled])
    let positions = try await story.rows("SELECT position FROM transfers ORDER BY position") {
      try $0.text("position")
    }
    #expect(positions == ["log:0", "log:0", "trace:0", "value"])
    try await story.stop()
  }

  @Test("what only looks like money is told with its reason and pays nothing")
  func lookalikes() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("USDC", 5_000_000)
    let address = JSONValue.string(payment.terms.address)
    // Another contract under the same name; nothing at all; value in calls that are undone, or that
    // move nothing by their kind; ether where a token is due; less than arrives.
    try await story.transact("FAKE", "transfer", [address, "5000000"])
    try await story.transact("USDC", "transfer", [address, "0"])
    try await story.transact("FORWARDER", "innerReverts", [address], value: 700)
    try await story.transact("FORWARDER", "forwardAndRevert", [address], value: 700)
    try await story.transact("FORWARDER", "delegate", [address], value: 700)
    try await story.fund(payment, 123_456_789)
    try await story.mine(4)

    #expect(try await story.statuses([payment]) == [.open])
    let transfers = try await story.rows(
      "SELECT contract, state, detail, value FROM transfers ORDER BY contract, value"
    ) {
      [
        try $0.text("contract"), try $0.text("state"), try $0.optionalText("detail") ?? "",
        try $0.amount("value").decimal,
      ]
    }
    let contracts = story.contracts.mapValues { "0x\($0.hash.hex)" }
    #expect(
      Set(transfers) == [
        [contracts["FAKE"] ?? "", "confirmed", "", "5000000"],
        [contracts["USDC"] ?? "", "quarantined", "dust", "0"],
        ["", "confirmed", "", "123456789"],
      ])
    let misdirected = try await story.rows(
      "SELECT COUNT(*) AS n FROM \(story.eventTable) WHERE type = 'transfer.misdirected'"
    ) { try $0.integer("n") }
    #expect(misdirected == [2], "the other contract's token, and ether")
    try await story.stop()
  }

  @Test("a reorganisation takes back and restores, whatever it does to the order in blocks")
  func reorganised() async throws {
    let story = try await EthereumStory()
    let first = try await story.pay("USDC", 1_000)
    let second = try await story.pay("ETH", 5_000)
    let dropped = try await story.pay("USDT", 9_000)
    try await story.transact("USDC", "transfer", [.string(first.terms.address), "1000"])
    try await story.fund(second, 5_000)
    let lost = try await story.transact(
      "USDT", "transfer", [.string(dropped.terms.address), "9000"])
    try await story.mine(2)
    #expect(try await story.statuses([first, second, dropped]) == [.paid, .paid, .paid])

    _ = try await story.call(
      "test_reorg", 2, ["blocks": 3, "drop": [lost], "reversed": true])
    try await story.follow()
    #expect(try await story.statuses([first, second, dropped]) == [.paid, .paid, .open])
    let transfers = try await story.rows("SELECT state FROM transfers ORDER BY state") {
      try $0.text("state")
    }
    #expect(transfers == ["confirmed", "confirmed", "orphaned"], "none of them counts twice")
    try await story.stop()
  }

  @Test("a history that contradicts what was final halts crediting")
  func brokenFinality() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("ETH", 5_000)
    try await story.mine(3)
    _ = try await story.call("test_finalize")
    try await story.follow()
    try await story.fund(payment, 5_000)
    _ = try await story.call("test_reorg", 3, ["blocks": 5])
    try await story.follow()
    let halts = try await story.rows("SELECT halt FROM chains") { try $0.optionalText("halt") }
    #expect(halts.first??.contains("final") == true)
    #expect(try await story.statuses([payment]) == [.processing], "nothing is confirmed any more")
    try await story.stop()
  }

  @Test("a watcher that starts anew goes on where the store stands")
  func restarted() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("USDT", 9_000)
    try await story.transact("USDT", "transfer", [.string(payment.terms.address), "9000"])
    try await story.mine(1)
    try story.restart()
    try await story.mine(1)
    #expect(try await story.statuses([payment]) == [.paid])
    let chain = story.spec.name
    let holes = try await story.database.read {
      try ChainRecords.coverageHoles(of: chain, in: $0)
    }
    #expect(holes == [])
    try await story.stop()
  }
}
