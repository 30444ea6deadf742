/// Look-ups that wait for memory, first in, first out, in a ring.
///
/// Whoever appends one takes one out as soon as there are more than `long`: there is room.
struct WaitingLine {
  private var scripts = InlineArray<64, Int>(repeating: 0)
  private var hashes = InlineArray<64, UInt64>(repeating: 0)
  private var places = InlineArray<64, Int>(repeating: 0)
  private var start = 0
  private var end = 0

  private static let room = 64
  /// A line with more than these is long: as many as a processor fetches lines of memory at a time,
  /// and some more.
  static let long = 32

  @inline(__always)
  var count: Int { end &- start }

  /// Without a branch: what isn't wanted is overwritten by the next. The line holds fewer than 64.
  @inline(__always)
  mutating func append(_ script: Int, hash: UInt64, at place: Int, if isWanted: Bool) {
    let index = end & (Self.room &- 1)
    scripts[unchecked: index] = script
    hashes[unchecked: index] = hash
    places[unchecked: index] = place
    end &+= isWanted ? 1 : 0
  }

  /// The line isn't empty.
  @inline(__always)
  mutating func removeFirst() -> (script: Int, hash: UInt64, place: Int) {
    let index = start & (Self.room &- 1)
    start &+= 1
    return (scripts[unchecked: index], hashes[unchecked: index], places[unchecked: index])
  }
}
