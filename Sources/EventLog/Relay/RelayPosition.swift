/// Where an event stands in the log, and in which history of it.
///
/// Positions go on from where a restored backup ended, so after a restore the same position can
/// be given to another event. The restore epoch tells the histories apart: 0 at first, and a new,
/// higher one with every restore.
package struct RelayPosition: Sendable, Hashable {
  package let epoch: Int64
  package let position: Int64

  package init(epoch: Int64, position: Int64) {
    self.epoch = epoch
    self.position = position
  }

  /// The header with the position, in decimal text. Every message of the relay has it.
  package static let positionHeader = "paywatch-position"
  /// The header with the epoch, in decimal text, on messages of any epoch but 0.
  package static let epochHeader = "paywatch-epoch"

  /// The place that a message's headers give; nil where they give none, as on a message that
  /// isn't the relay's.
  package init?(positionHeader: some Collection<UInt8>, epochHeader: (some Collection<UInt8>)?) {
    guard let position = Self.number(positionHeader), position > 0 else { return nil }
    var epoch: Int64 = 0
    if let epochHeader {
      guard let number = Self.number(epochHeader) else { return nil }
      epoch = number
    }
    self.init(epoch: epoch, position: position)
  }

  /// Decimal digits and nothing else, of at most 63 bits.
  private static func number(_ digits: some Collection<UInt8>) -> Int64? {
    guard (1...19).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) })
    else {
      return nil
    }
    return Int64(String(decoding: digits, as: UTF8.self))
  }
}

/// A topic's partition.
package struct TopicPartition: Sendable, Hashable {
  package let topic: EventTopic
  package let partition: Int32

  package init(_ topic: EventTopic, _ partition: Int32) {
    self.topic = topic
    self.partition = partition
  }
}
