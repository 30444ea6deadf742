/// Which partition a key belongs to, as Kafka's Java producers decide by default: MurmurHash2
/// (32 bits, seed 0x9747b28c) of the key's bytes, its sign bit cleared, modulo the partitions.
///
/// Ours is the only place that decides: the relay must know an event's partition before it
/// produces it, and any other producer of these topics comes to the same one.
package enum KeyPartitioner {
  /// The partition of `key` among `partitions`, of which there is at least one.
  package static func partition(ofKey key: some Sequence<UInt8>, among partitions: Int32) -> Int32 {
    precondition(partitions > 0, "a topic has partitions")
    return (murmur2(Array(key).span) & 0x7fff_ffff) % partitions
  }

  /// `org.apache.kafka.common.utils.Utils.murmur2`.
  static func murmur2(_ key: Span<UInt8>) -> Int32 {
    let multiplier: UInt32 = 0x5bd1_e995
    var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: key.count)
    let whole = key.count & ~3
    var index = 0
    while index < whole {
      var word =
        UInt32(key[index]) | UInt32(key[index + 1]) << 8 | UInt32(key[index + 2]) << 16
        | UInt32(key[index + 3]) << 24
      word &*= multiplier
      word ^= word >> 24
      word &*= multiplier
      hash &*= multiplier
      hash ^= word
      index += 4
    }
    let left = key.count - whole
    if left > 2 { hash ^= UInt32(key[whole + 2]) << 16 }
    if left > 1 { hash ^= UInt32(key[whole + 1]) << 8 }
    if left > 0 {
      hash ^= UInt32(key[whole])
      hash &*= multiplier
    }
    hash ^= hash >> 13
    hash &*= multiplier
    hash ^= hash >> 15
    return Int32(bitPattern: hash)
  }
}
