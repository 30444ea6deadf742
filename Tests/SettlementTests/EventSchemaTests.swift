import Addresses
import Bytes
import ChainTracking
import ChainTypes
import Database
import Deployment
import Ethereum
import EventLog
import Foundation
import JSON
import Payments
import SQLite
import SchemaChecking
import Settlement
import TestSupport
import Testing
import Watching

@Suite("The published schemas of events")
struct EventSchemaTests {
  @Test("the files in deploy/events are what the program says: payctl schemas deploy/events")
  func files() throws {
    let directory = PackageFiles.root.appending(path: "deploy/events")
    for file in EventFiles.all {
      let published = try String(
        contentsOf: directory.appending(path: file.name), encoding: .utf8)
      #expect(published == file.text, "\(file.name)")
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
    #expect(Set(names) == Set(EventFiles.all.map(\.name)))
  }

  @Test("every type that the sources name, and every event of a payment, has a schema")
  func completeness() throws {
    let types = EventSchemas.types
    for family in EventFiles.families {
      for kind in family.kinds {
        #expect(EventTopic(eventType: kind.type)?.name == family.topic)
      }
    }
    for kind in PaymentEvent.Kind.allCases { #expect(types.contains(kind.type)) }
    var named = 0
    for folder in ["Settlement", "Watching", "Payments"] {
      let sources = PackageFiles.root.appending(path: "Sources/\(folder)")
      for path in try FileManager.default.subpathsOfDirectory(atPath: sources.path)
      where path.hasSuffix(".swift") && !path.hasPrefix("Schemas/")
        && !path.hasSuffix("AuditAuthor+Decisions.swift")
      {
        // The audit log's actions aren't events.
        let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
        for match in text.matches(
          of:
            /"((?:payment|transfer|income|refund|sweep|withdrawal|outgoing|chain|reconciliation)\.[a-z_]+)"/
        ) {
          #expect(types.contains(String(match.output.1)), "\(match.output.1) in \(path)")
          named += 1
        }
      }
    }
    #expect(named >= 5)
  }

  @Test("every reference leads somewhere, also from the AsyncAPI document into the files")
  func references() throws {
    var documents: [String: SchemaCheck] = [:]
    for file in EventFiles.all {
      documents[file.name] = SchemaCheck(document: try JSONValue(parsing: Array(file.text.utf8)))
    }
    var count = 0
    for (name, check) in documents {
      for reference in check.references {
        let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target = parts[0].isEmpty ? name : String(parts[0].dropFirst(2))
        #expect(
          parts.count == 2 && documents[target]?.resolve("#\(parts[1])") != nil, "\(reference)")
        count += 1
      }
    }
    #expect(count > 2 * EventSchemas.types.count)
    let messages = documents["asyncapi.json"]?.document["components"]?["messages"]?.names
    #expect(messages == Set(EventFiles.families.flatMap(\.kinds).map(\.type)))
  }

  @Test("each event that a life tells is as its schema says")
  func lives() async throws {
    var worlds = [
      try await haltedLife(), try await strayLife(), try await OutgoingLife.world(),
    ]
    for seed: UInt64 in 1...8 { worlds.append(try await RandomLife.world(seed: seed)) }
    let check = try EventSchemaCheck()
    var told: Set<String> = []
    for world in worlds {
      try await Sequencer(database: world.database).drain()
      let page = try await world.database.read {
        try EventLog.page(after: 0, limit: 1_000, in: $0)
      }
      #expect(!page.hasMore)
      for event in page.events.map(\.event) {
        let differences = try check.differences(event)
        #expect(differences == [], "\(event.json)")
        told.insert(event.type)
      }
    }
    for event in try OutgoingLife.sweepEvents() {
      #expect(try check.differences(event) == [], "\(event.json)")
      told.insert(event.type)
    }
    #expect(told == EventSchemas.types)
  }

  /// More than what settled a payment, a reorg that breaks finality, an operator who resumes, and a
  /// chain that stalls.
  private func haltedLife() async throws -> World {
    let world = try await World.make()
    try await world.create(world.request("order-1"))
    try await world.mine(World.Output(transaction: "t", ordinal: 1, value: 100_000))
    try await world.mineEmpty(5)
    try await world.look(World.Output(transaction: "more", ordinal: 1, value: 5_000))
    try await world.advance(
      leaving: 6, Array(repeating: [], count: 7), label: "b", halt: "finality was broken")
    let (name, now) = (world.spec.name, world.now)
    try await world.database.write {
      _ = try ChainResumption.resume(name, by: "ada", now: now, in: $0)
    }
    try await world.restart()
    var step = world.newStep()
    step.stalledSince = World.start
    step.untraced = [world.links[world.links.count - 1].ref]
    step.notices = try Self.notices(in: step.untraced[0])
    let tip = world.links[world.links.count - 1]
    step.incomes = [.withdrawal(.max), .fees, .unattributed].enumerated().map { place, source in
      AddressIncome(block: tip.ref, ordinal: UInt64(1 + place), source: source, value: 5)
    }
    try await world.commit(step)
    try await world.advance(leaving: 1, [[], []], label: "c")
    return world
  }

  /// One of each kind that is told, of an address of ours where it is about one.
  private static func notices(in block: BlockRef) throws -> [BlockNotice] {
    let address = try EthereumAddress("0x" + String(repeating: "7", count: 40))
    let notices: [TokenNotice] = [
      .feeChanged(basisPoints: 10, maximum: 49), .deprecated(successor: address), .paused,
      .unpaused, .blacklisted(address), .unblacklisted(address), .fundsDestroyed(address, 5),
      .upgraded(implementation: address), .adminChanged(from: address, to: address),
    ]
    return notices.enumerated().map { place, notice in
      let logged = LoggedNotice(
        txid: World.hash("t"), position: UInt32(place), contract: address, notice: notice)
      var told = BlockNotice(
        block: block, logged: logged, symbol: "USDT", ordinal: notice.account.map { _ in 1 })
      told.omitted = place
      return told
    }
  }

  /// Dust, a coin that goes elsewhere, money on an address that nobody has, and on another chain.
  private func strayLife() async throws -> World {
    let other = try World.spec("bitcoin-signet")
    let world = try await World.make(others: [other])
    let anchor = World.link(7, parent: World.hash("x"), "other", World.start)
    var cursor = try await world.store.start(other.name, links: [anchor])
    var step = ChainStep(
      chain: other.name, expectedVersion: cursor.version, addressesThrough: 4, now: world.now)
    cursor = try await world.store.commit(step)
    try await world.look(World.Output(transaction: "v", ordinal: 2, value: 5_000))
    try await world.look(
      World.Output(transaction: "thief", ordinal: 4, value: 5_000, spends: "v"))
    try await world.create(world.request("order-1", 5_000))
    try await world.mine(
      World.Output(transaction: "dust", ordinal: 1, value: 1),
      World.Output(transaction: "stray", ordinal: 3, value: 10_000))
    step = ChainStep(
      chain: other.name, expectedVersion: cursor.version, addressesThrough: 4, now: world.now)
    let output = World.Output(transaction: "u", ordinal: 1, value: 5_000)
    let found = try #require(try await world.found([output], on: other).first)
    let mined = TrackedTransfer(
      found, state: .included(anchor.ref), firstSeen: world.now, blockTime: nil)
    // As an EVM chain tells them: a call that failed, and a token's transfer.
    let inner = found.moved(to: .trace([0, 2]), contract: nil)
    let token = found.moved(to: .log(3), contract: Hash20())
    step.changes = [
      TransferChange(before: nil, after: mined),
      TransferChange(
        before: nil,
        after: TrackedTransfer(inner, state: .failed, firstSeen: world.now, blockTime: nil)),
      TransferChange(
        before: nil,
        after: TrackedTransfer(
          token, state: .included(anchor.ref), firstSeen: world.now, blockTime: nil)),
    ]
    _ = try await world.store.commit(step)
    return world
  }

  @Test("an event that is not as described is noticed, and so is a schema with another keyword")
  func checks() throws {
    let event = CloudEvent(
      id: .zero, type: "chain.halted", subject: "bitcoin", sequence: 1, tenant: nil,
      time: Timestamp(seconds: 0),
      data: #"{"chain":"bitcoin","reason":"x","to":"1:\#(String(repeating: "0", count: 64))"}"#)
    let check = try EventSchemaCheck()
    #expect(try check.differences(event) == [])
    for (part, other) in [
      (#""reason":"x","#, ""), (#""reason":"x""#, #""reason":"x","more":1"#), ("1:00", "1:0G"),
      ("chain.halted", "chain.stalled"), (#""sequence":1"#, #""sequence":0"#),
      ("1970-01-01T", "1970-01-01 "),
    ] {
      let text = event.json.replacing(part, with: other)
      #expect(text != event.json)
      #expect(try !check.differences(text, type: "chain.halted").isEmpty, "\(text)")
    }
    let schema: JSONValue = ["type": "object", "minProperties": 1]
    #expect(SchemaCheck(document: schema).differences(["a": 1], from: schema).count == 1)
  }
}

extension FoundTransfer {
  /// The same at another place of its transaction.
  fileprivate func moved(to position: TransferPosition, contract: Hash20?) -> FoundTransfer {
    FoundTransfer(
      id: TransferID(chain: id.chain, txid: id.txid, position: position), ordinal: ordinal,
      value: value, contract: contract, inputs: [], isCoinbase: false, requirement: requirement)
  }
}
