import Foundation
import Kafka
import TestSupport
import Testing

@Suite("payctl topics")
struct TopicsTests {
  private struct Line: Decodable {
    let topic: String
    let partitions: Int32
    let state: String
  }

  /// A configuration with that about Kafka.
  private func config(_ scratch: TemporaryDirectory, _ kafka: String) throws -> String {
    try scratch.write(
      "paywatch.yaml",
      """
      region: home
      database: { sqlite: paywatch.sqlite }
      chains_directory: "\(PackageFiles.root.appending(path: "chains").path)"
      chains: [{ name: bitcoin-regtest, nodes: [{ url: "http://127.0.0.1:1" }] }]
      tenants: [{ id: shop, accounts: [{ family: bitcoin, descriptor: any }] }]
      \(kafka)

      """.utf8)
  }

  @Test("the brokers are the configuration's, or are named, and each topic is told of")
  func listed() async throws {
    // The mock has no controller, which is asked how a topic is set that exists.
    let cluster = try MockCluster()
    let declared = TopicDeclaration.all(replication: nil)
    for topic in declared { cluster.failTopic(topic.name, with: 3) }  // unknown topic
    let brokers = cluster.brokers.joined(separator: ",")
    let scratch = try TemporaryDirectory()
    let config = try config(scratch, "kafka: { brokers: \"\(brokers)\" }")
    for place in [["--config", config], ["--brokers", brokers]] {
      let outcome = try await Program.payctl.finish(["topics", "--format", "json"] + place)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = try outcome.objects(Line.self)
      #expect(lines.map(\.topic) == declared.map(\.name))
      #expect(lines.map(\.partitions) == declared.map(\.partitions))
      #expect(lines.allSatisfy { $0.state == "missing" })
    }
    cluster.failTopic(declared[1].name, with: 29)  // not authorized
    let outcome = try await Program.payctl.finish(["topics", "--config", config])
    #expect(outcome.status == 1 && outcome.errors.contains("AUTHORIZATION"), "\(outcome.errors)")
  }

  @Test("a configuration without brokers, or with wrong ones, is refused in a sentence")
  func refused() async throws {
    let scratch = try TemporaryDirectory()
    for (kafka, sentence) in [
      ("", "names no Kafka brokers"), ("kafka: { brokers: nowhere }", "host:port"),
      ("kafka: { brokers: \"a:1\", properties: { acks: \"0\" } }", "acks"),
      ("kafka: { brokers: \"a:1\", properties: { no.such: \"0\" } }", "no.such"),
    ] {
      let outcome = try Program.payctl.run("topics", "--config", try config(scratch, kafka))
      #expect(outcome.status == 1, "\(kafka)")
      #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
    }
  }

  @Test("one place for brokers is named, with properties only beside brokers")
  func usage() throws {
    for arguments in [
      [], ["--config", "x", "--brokers", "a:1"], ["--config", "x", "--property", "a=b"],
      ["--brokers", "nowhere"], ["--brokers", "a:1", "--property", "acks=0"],
    ] {
      #expect(try Program.payctl.run(["topics"] + arguments).status == 64, "\(arguments)")
    }
  }
}
