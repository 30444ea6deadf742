internal import Bytes
internal import Synchronization

/// Random numbers for those who draw them while others do.
final class RandomStream: Sendable {
  private let generator: Mutex<SplitMix64>

  init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed)) }

  func next() -> UInt64 { generator.withLock { $0.next() } }

  func nextPair() -> (UInt64, UInt64) { generator.withLock { ($0.next(), $0.next()) } }
}
