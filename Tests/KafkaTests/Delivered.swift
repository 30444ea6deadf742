import Database
import EventLog
import Kafka
import Testing

/// Compares what the topics hold with the log.
enum Delivered {
  /// Every event of the log stands in its topic and partition once, and each partition's are in the
  /// order of the log.
  static func expectExactly(
    _ database: some Database, at configuration: KafkaConfiguration,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let partitions = try await KafkaFixtures.messages(configuration)
    var expected: [String: [Int64]] = [:]
    var values: [Int64: [UInt8]] = [:]
    var position: Int64 = 0
    while true {
      let after = position
      let page = try await database.read {
        try EventLog.page(after: after, limit: 1_000, in: $0)
      }
      for event in page.events {
        let topic = try #require(EventTopic(eventType: event.event.type)).name
        expected["\(topic) \(event.event.subject)", default: []].append(event.position)
        values[event.position] = Array(event.event.json.utf8)
      }
      position = page.through
      if !page.hasMore { break }
    }
    var found: [String: [Int64]] = [:]
    var places: [String: Set<Int32>] = [:]
    for (place, messages) in partitions {
      var last: Int64 = 0
      for message in messages {
        let tail = try #require(message.header("paywatch-position"))
        let number = try #require(Int64(String(decoding: tail, as: UTF8.self)))
        #expect(number > last, "\(place) goes back", sourceLocation: sourceLocation)
        last = number
        let key = "\(place.topic) \(String(decoding: message.key ?? [], as: UTF8.self))"
        found[key, default: []].append(number)
        places[key, default: []].insert(place.partition)
        #expect(message.value == values[number], sourceLocation: sourceLocation)
      }
    }
    #expect(found == expected, sourceLocation: sourceLocation)
    #expect(places.values.allSatisfy { $0.count == 1 }, sourceLocation: sourceLocation)
  }
}
