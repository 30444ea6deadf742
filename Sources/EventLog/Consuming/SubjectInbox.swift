internal import Bytes

/// What a consumer knows of one subject, and what follows for an event of it. Pure.
///
/// Events are handled in their sequence, each once. Whatever can't be handled yet is parked, and
/// while one that was parked for its own sake is there, all later ones wait behind it.
struct SubjectInbox: Sendable, Equatable {
  /// A message of the subject that isn't handled.
  struct Parked: Sendable, Equatable {
    let place: EventPlace
    /// Nil where the message is no event.
    let sequence: Int64?
    let id: Hash32?
    let reason: ParkReason
  }

  enum Decision: Sendable, Equatable {
    case handle
    /// It was handled, or waits already.
    case duplicate
    /// Another event has its number.
    case fork(known: Hash32)
    /// The subject's next event is number `expected`, and hasn't come.
    case gap(expected: Int64)
    /// An earlier one is parked.
    case behind
  }

  /// How many ids are kept, for a rival of an earlier event. An older event that comes again
  /// passes for the one that was handled.
  static let rememberedIDs = 32

  /// The number of the last event that was handled or skipped; nil before the first.
  private(set) var last: Int64?
  /// The ids of the last events, up to `last`.
  private(set) var recentIDs: [Hash32]
  private(set) var parked: [Parked]

  init(last: Int64? = nil, recentIDs: [Hash32] = [], parked: [Parked] = []) {
    self.last = last
    self.recentIDs = recentIDs
    self.parked = parked
  }

  var isBlocked: Bool { parked.contains(where: \.reason.isBlocking) }

  func decide(sequence: Int64, id: Hash32, start: ConsumerStart) -> Decision {
    if let last, sequence <= last {
      guard let known = handledID(of: sequence) else { return .duplicate }
      return known == id ? .duplicate : .fork(known: known)
    }
    let same = parked.filter { $0.sequence == sequence }.compactMap(\.id)
    if same.contains(id) { return .duplicate }
    if let known = same.first { return .fork(known: known) }
    if isBlocked { return .behind }
    guard let expected = expected(start), sequence != expected else { return .handle }
    return .gap(expected: expected)
  }

  /// The parked message whose turn it is; nil where the next one is missing or blocked.
  func ready(start: ConsumerStart) -> Parked? {
    guard !isBlocked else { return nil }
    guard let expected = expected(start) else {
      return parked.min { ($0.sequence ?? .max) < ($1.sequence ?? .max) }
    }
    return parked.first { $0.sequence == expected }
  }

  /// Takes the subject's next event as done.
  mutating func advance(to sequence: Int64, id: Hash32) {
    if let last, sequence == last + 1 { recentIDs.append(id) } else { recentIDs = [id] }
    recentIDs.removeFirst(max(0, recentIDs.count - Self.rememberedIDs))
    last = sequence
  }

  /// Accepts that what is missing never comes: the first one that waits is next.
  ///
  /// - Returns: the numbers given up; nil where none is missing
  mutating func acceptGap(start: ConsumerStart) -> ClosedRange<Int64>? {
    guard let expected = expected(start), let first = parked.compactMap(\.sequence).min(),
      first > expected
    else { return nil }
    last = first - 1
    recentIDs = []
    return expected...(first - 1)
  }

  mutating func park(_ message: Parked) {
    remove(message.place)
    parked.append(message)
  }

  mutating func remove(_ place: EventPlace) {
    parked.removeAll { $0.place == place }
  }

  /// The number of the next event; nil where the first to come decides.
  private func expected(_ start: ConsumerStart) -> Int64? {
    if let last { return last + 1 }
    return start == .beginning ? 1 : nil
  }

  private func handledID(of sequence: Int64) -> Hash32? {
    guard let last else { return nil }
    let index = Int64(recentIDs.count) - 1 - (last - sequence)
    return index >= 0 ? recentIDs[Int(index)] : nil
  }
}
