internal import ChainTypes
internal import Synchronization

/// The addresses that this process has set aside in the database, in memory: a payment takes the
/// next without asking. Processes that make payments side by side so don't meet at one row.
///
/// Nothing depends on what is here being right: `AddressRecords.take` decides. The time of day is
/// good enough to stop using what others may set aside soon.
final class AddressReserve: Sendable {
  private struct Shelf {
    /// The next one last.
    var addresses: [(address: ReadyAddress, until: Timestamp)] = []
    /// Someone is fetching more.
    var isBeingFilled = false
    /// Who found nothing meanwhile, first come first. To ask the database themselves, all at once,
    /// would take far longer.
    var waiting: [CheckedContinuation<ReadyAddress?, Never>] = []
    /// After finding fewer than wanted, nobody looks again before.
    var emptyUntil = Timestamp(microseconds: 0)
  }

  private let shelves = Mutex<[AddressSource: Shelf]>([:])
  /// How many are set aside at a time.
  let size: Int

  init(size: Int) {
    self.size = size
  }

  /// Whether the caller should fetch more, and then call `fill`, whatever comes of it. One caller
  /// at a time is told so, before the shelf is empty.
  func wantsFilling(_ source: AddressSource, now: Timestamp) -> Bool {
    shelves.withLock { shelves in
      var shelf = shelves[source] ?? Shelf()
      defer { shelves[source] = shelf }
      if let next = shelf.addresses.last, next.until <= now {
        shelf.addresses.removeAll { $0.until <= now }
      }
      guard shelf.addresses.count <= size / 2, !shelf.isBeingFilled, shelf.emptyUntil <= now else {
        return false
      }
      shelf.isBeingFilled = true
      return true
    }
  }

  /// Puts what was set aside at `now`, in order, behind what is there.
  func fill(_ source: AddressSource, with addresses: [ReadyAddress], now: Timestamp) {
    // Sooner than in the database, whose clock is another one.
    let until = now.adding(seconds: AddressRecords.reservationSeconds * 3 / 4)
    let served = shelves.withLock { shelves in
      var shelf = shelves[source] ?? Shelf()
      defer { shelves[source] = shelf }
      shelf.isBeingFilled = false
      if addresses.count < size {
        shelf.emptyUntil = Timestamp(microseconds: now.microseconds + 100_000)
      }
      shelf.addresses.insert(contentsOf: addresses.reversed().map { ($0, until) }, at: 0)
      defer { shelf.waiting = [] }
      return shelf.waiting.map { ($0, shelf.addresses.popLast()?.address) }
    }
    for (caller, address) in served { caller.resume(returning: address) }
  }

  /// The next address, waiting for those that are being fetched; nil where none is here.
  func take(_ source: AddressSource) async -> ReadyAddress? {
    if let found = shelves.withLock({ $0[source]?.addresses.popLast()?.address }) { return found }
    return await withCheckedContinuation { caller in
      let found: ReadyAddress?? = shelves.withLock { shelves in
        if let address = shelves[source]?.addresses.popLast()?.address { return .some(address) }
        guard shelves[source]?.isBeingFilled == true else { return .some(nil) }
        shelves[source]?.waiting.append(caller)
        return .none
      }
      if let found { caller.resume(returning: found) }
    }
  }

  /// Puts back what was taken at `now` for a payment that wasn't made.
  func giveBack(_ address: ReadyAddress, to source: AddressSource, now: Timestamp) {
    shelves.withLock { shelves in
      let next = shelves[source]?.addresses.last?.until
      let until = next ?? now.adding(seconds: 1)
      shelves[source, default: Shelf()].addresses.append((address, until))
    }
  }
}
