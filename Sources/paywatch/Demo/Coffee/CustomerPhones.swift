internal import CustomerMessages
internal import Synchronization

/// The demo's phones: what customers are told is printed, and kept.
final class CustomerPhones: PushProvider {
  let name = "demo"
  private let received = Mutex<[(customer: String, text: String)]>([])

  var count: Int { received.withLock(\.count) }

  func send(_ push: PushMessage) async -> PushOutcome {
    // The demo's tokens are the customers' names.
    Console.print("     \(push.token)'s phone: \(push.body)")
    received.withLock { $0.append((push.token, push.body)) }
    return .sent
  }

  /// Waits until a customer was told something with these words.
  func wait(for customer: String, _ words: String) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while !received.withLock({ $0.contains { $0.customer == customer && $0.text.contains(words) } })
    {
      guard clock.now < deadline else {
        throw CommandFailure("nobody told \(customer) “\(words)” within a minute")
      }
      try await clock.sleep(for: .milliseconds(50))
    }
  }
}
