import Bytes
import ChainTypes
import Database
import Telemetry
import Testing

@testable import EventLog

@Suite("Where the relay sends events")
struct RelayRoutingTests {
  @Test(
    "the word before a type's first dot names its topic",
    arguments: [
      ("payment.paid", "payment-events"), ("transfer.seen", "payment-events"),
      ("refund.final", "payment-events"), ("sweep.built", "payment-events"),
      ("income.booked", "payment-events"), ("chain.reorged", "chain-events"),
      ("reconciliation.mismatch", "chain-events"), ("chain.a.b", "chain-events"),
      ("order.created", "order-events"), ("supply.low_stock", "supply-events"),
      ("notification.sent", "notification-events"),
      ("price.updated", "price-events"),
      ("webhook.disabled", "notification-events"),
      ("claim.processed", "claim-events"),
    ])
  func topics(type: String, topic: String) {
    #expect(EventTopic(eventType: type)?.name == topic)
    #expect(EventTopic(name: topic)?.name == topic)
  }

  @Test(
    "a type of no topic has none",
    arguments: ["", ".", "payment", "payments.paid", "Payment.x", "orders.created"])
  func noTopic(type: String) {
    #expect(EventTopic(eventType: type) == nil)
  }

  /// From Kafka's own `UtilsTest.testMurmur2` (apache/kafka, clients, 3.7).
  @Test(
    "keys hash as in Kafka's Java client",
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829),
      ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
    ] as [(String, Int32)])
  func murmur2(key: String, hash: Int32) {
    #expect(KeyPartitioner.murmur2(Array(key.utf8).span) == hash)
    for partitions: Int32 in [1, 3, 12] {
      let partition = KeyPartitioner.partition(ofKey: key.utf8, among: partitions)
      #expect(partition == (hash & Int32.max) % partitions)
    }
  }

  @Test("keys of any length have a partition", arguments: 0..<9)
  func lengths(count: Int) {
    let key = [UInt8](repeating: 0xff, count: count)
    #expect((0..<7).contains(KeyPartitioner.partition(ofKey: key, among: 7)))
  }

  @Test("headers that aren't numbers give no place")
  func headers() {
    func place(_ position: String, _ epoch: String? = nil) -> RelayPosition? {
      RelayPosition(
        positionHeader: Array(position.utf8), epochHeader: epoch.map { Array($0.utf8) })
    }
    #expect(place("17") == RelayPosition(epoch: 0, position: 17))
    #expect(place("17", "2") == RelayPosition(epoch: 2, position: 17))
    #expect(
      place("9223372036854775807") == RelayPosition(epoch: 0, position: 9_223_372_036_854_775_807))
    for text in ["", "0", "-1", "+1", " 1", "1 ", "0x1", "9223372036854775808", "１", "1e3"] {
      #expect(place(text) == nil, "\(text)")
    }
    #expect(place("1", "") == nil)
    #expect(place("1", "-1") == nil)
    #expect(place(String(repeating: "1", count: 1_000_000)) == nil)
  }

  @Test("a stored event is written as its value is")
  func stored() async throws {
    let database = try await EventFixtures.database()
    let drafts = [("s", nil), ("\u{1}\"\\", "shop"), ("ß\u{1f}", "\"é\"")].map {
      EventDraft(
        type: "payment.paid", subject: $0.0, tenant: $0.1, cause: .zero,
        time: Timestamp(microseconds: 1_800_000_000_123_456), data: #"{"a":"\"ü"}"#)
    }
    try await database.write { try EventLog.append(drafts, in: $0) }
    try await TraceContext.$current.withValue(TraceContext.begin()) {
      let database = TracedDatabase(database)
      try await database.write { try EventLog.append(drafts, in: $0) }
    }
    try await Sequencer(database: database).drain()
    try await database.read { connection in
      let events = try EventLog.page(after: 0, limit: 100, in: connection).events
      #expect(events.count == 6)
      #expect(events.count { $0.event.traceparent != nil } == 3)
      var rows: [Int64: String] = [:]
      try EventLog.forEachEvent(after: 0, through: 6, in: connection) {
        var bytes: [UInt8] = []
        try $0.appendJSON(to: &bytes)
        rows[try $0.position] = String(decoding: bytes, as: UTF8.self)
      }
      #expect(
        rows == Dictionary(uniqueKeysWithValues: events.map { ($0.position, $0.event.json) }))
    }
  }

  @Test("the id is read from the relay's own JSON and from no other")
  func identifiers() throws {
    let event = try #require(RelayEvents.log(1).first).event
    let bytes = Array(event.json.utf8)
    #expect(CloudEvent.id(inJSON: bytes) == event.id)
    for count in [0, 1, 26, 27, 28, 90, 91] {
      #expect(CloudEvent.id(inJSON: Array(bytes.prefix(count))) == nil)
    }
    #expect(CloudEvent.id(inJSON: Array(" ".utf8) + bytes) == nil)
    #expect(CloudEvent.id(inJSON: bytes.map { $0 == UInt8(ascii: "a") ? 0xff : $0 }) == nil)
  }
}
