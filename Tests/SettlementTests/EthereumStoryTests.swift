import Testing

/// Payments on a chain whose blocks a real EVM makes.
@Suite("The way of payments on a real EVM")
struct EthereumStoryTests {
  @Test("ether and tokens are credited once they are proved, and settle with the chain's finality")
  func paid() async throws { try await play { try await $0.payments() } }

  @Test("what only looks like money is told with its reason and pays nothing")
  func lookalikes() async throws { try await play { try await $0.lookalikes() } }

  @Test("a reorganisation takes back and restores, whatever it does to the order in blocks")
  func reorganised() async throws { try await play { try await $0.reorganisation() } }

  @Test("a history that contradicts what was final halts crediting")
  func brokenFinality() async throws { try await play { try await $0.brokenFinality() } }

  @Test("a watcher that starts anew goes on where the store stands")
  func restarted() async throws { try await play { try await $0.restartedWatcher() } }

  @Test("money goes out, and the books have what the chain has")
  func moneyOut() async throws { try await play { try await $0.moneyOut() } }

  private func play(_ chapter: (EthereumStory) async throws -> Void) async throws {
    let story = try await EthereumStory()
    try await chapter(story)
    try await story.stop()
  }
}
