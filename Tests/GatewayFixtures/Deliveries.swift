package import EventLog

/// A source that gives events once, one at a time, as a broker may: in any order.
package actor Deliveries: EventSource {
  private let partition: EventPartition
  private var messages: [ReceivedMessage]

  package init(_ events: [CloudEvent], on topic: String) {
    let partition = EventPartition(topic: topic, number: 0)
    self.partition = partition
    messages = events.enumerated().map { offset, event in
      ReceivedMessage(
        place: EventPlace(partition, Int64(offset)), key: Array(event.subject.utf8),
        value: Array(event.json.utf8))
    }
  }

  package func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) -> [EventPartition: Int64] { [partition: 0] }

  package func next(limit: Int, waiting: Duration) -> EventBatch? {
    guard let message = messages.first else { return .empty }
    messages.removeFirst()
    return EventBatch(
      messages: [message], next: [message.place.partition: message.place.offset + 1])
  }
}
