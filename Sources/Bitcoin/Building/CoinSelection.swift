internal import Bytes
internal import ChainTypes

/// Looks for coins that make a sum nearly exactly, so that no change is needed (branch and bound,
/// as Bitcoin Core has it after Murch).
enum CoinSelection {
  /// How many steps the search takes at most.
  static let maximumTries = 50_000

  /// The indexes of values that add up to `target` at least and to `window` more at the most, with
  /// as little in excess as is found.
  ///
  /// - Parameters:
  ///   - values: in descending order, each above zero, together below 2⁶³
  ///   - target: above zero
  ///   - limit: how many may be taken
  static func exact(
    _ values: [Int64], target: Int64, window: Int64, limit: Int
  ) -> [Int]? {
    guard target > 0 else { return nil }
    var available = values.reduce(0, +)
    var taken: [Int] = []
    var sum: Int64 = 0
    var best: [Int]?
    var leastExcess = window
    var index = 0
    for _ in 0..<maximumTries {
      var isDone = false
      if sum + available < target || sum - target > leastExcess || taken.count > limit {
        isDone = true
      } else if sum >= target {
        best = taken
        leastExcess = sum - target
        isDone = true
        if leastExcess == 0 { break }
      }
      if isDone {
        // Goes back to the last one taken, and on without it.
        guard let last = taken.popLast() else { break }
        index -= 1
        while index > last {
          available += values[index]
          index -= 1
        }
        sum -= values[last]
      } else {
        // There is one: else nothing were available, and the sum short of the target.
        available -= values[index]
        // What equals one just left out leads nowhere new.
        if index == 0 || taken.last == index - 1 || values[index] != values[index - 1] {
          taken.append(index)
          sum += values[index]
        }
      }
      index += 1
    }
    return best
  }

  /// The most valuable first, those of one value by their outpoints: the same order each time.
  static func largestFirst(_ coins: [SpendableCoin]) -> [SpendableCoin] {
    coins.sorted { a, b in
      if a.value != b.value { return a.value > b.value }
      if a.outpoint.txid != b.outpoint.txid { return a.outpoint.txid < b.outpoint.txid }
      return a.outpoint.vout < b.outpoint.vout
    }
  }
}
