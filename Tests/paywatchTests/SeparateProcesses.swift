import ChainTypes
import Database
import Digests
import EventLog
import Foundation
import JSON
import Kafka
import LocalServers
import LoopbackHTTP
import SQLite
import Tenancy
import TestSupport
import Testing

/// Processes with a database each, and what they share: a token, and brokers.
struct SeparateProcesses {
  let directory: TemporaryDirectory
  let brokers: MockCluster
  let key = APIKey.generate()
  let port: UInt16

  init() throws {
    directory = try TemporaryDirectory()
    brokers = try MockCluster()
    for topic in EventTopic.allCases { try brokers.createTopic(topic.name, partitions: 2) }
    port = try LocalPorts.one()
  }

  /// - Parameters:
  ///   - services: what the configuration says of them, beside the token
  ///   - topics: those of the database's events
  ///   - more: further sections
  func file(
    _ name: String, _ services: String, topics: String = "", _ more: String = ""
  ) throws -> String {
    try directory.write("token", "0123456789abcdef0123456789abcdef\n")
    return try directory.write(
      "\(name).yaml",
      """
      region: test
      listen: {port: 0}
      database: {sqlite: \(name).sqlite}
      kafka: {brokers: "\(brokers.brokers.joined(separator: ","))", topics: [\(topics)]}
      chains_directory: \(PackageFiles.root.appending(path: "chains").path)
      chains:
        - {name: bitcoin-regtest, nodes: [{url: "http://127.0.0.1:9"}]}
      tenants:
        - {id: shop, accounts: [{descriptor: "\(ServeTests.descriptor)"}]}
      services: {token_file: token, \(services)}
      \(more)
      """)
  }

  /// The tenant has one key, in each database.
  func issueKey(_ name: String) async throws {
    let database = try SQLiteDatabase(path: directory.path("\(name).sqlite"))
    let key = key
    try await database.write {
      try APIKeys.issue(
        key, tenant: "shop", label: "test", now: Timestamp(seconds: 0), in: $0)
    }
    try await database.close()
  }

  func send(
    _ port: Int, _ method: String, _ path: String, _ body: String? = nil
  ) async throws -> JSONValue {
    let answer = try await TestConnection(port: port).send(
      method, path,
      headers: [
        "Authorization": "Bearer \(key.text)", "Idempotency-Key": "\(UUID().uuidString)",
      ], body: body)
    try #require((200..<300).contains(answer.status), "\(answer.body)")
    return try answer.json()
  }

  /// Tells of a payment as its relay would.
  func tell(_ sequence: Int64, _ status: String, of order: String) async throws {
    let data = """
      {"order_id":"\(order)","status":"\(status)","chain":"bitcoin-regtest","asset":"BTC",\
      "amount_minor":"10000","received_minor":"\(status == "open" ? 0 : 10_000)","address":"bcrt1q","uri":"bitcoin:bcrt1q",\
      "expires_at":"2126-11-21T08:15:30.250Z"}
      """
    let event = CloudEvent(
      id: SHA256.hash(Array("\(order)#\(sequence)".utf8)),
      type: "payment.\(status == "open" ? "created" : status)", subject: "pay_1",
      sequence: sequence, tenant: "shop", time: Timestamp(seconds: 1_800_000_000), data: data)
    let producer = try KafkaProducer(
      KafkaConfiguration(brokers: brokers.brokers), transactionalID: nil, log: { _ in })
    try await producer.write { writer in
      let (topic, key) = (CText("payment-events"), CText("pay_1"))
      let value = CText(event.json)
      try writer.add(
        topic: topic.pointer, partition: 1, key: key.bytes, value: value.bytes, headers: [])
    }
    await producer.close()
  }
}
