import LocalServers
import Testing

/// The same on clients that people run in earnest, those of them that are on the PATH.
@Suite("The way of payments on other Ethereum clients")
struct EthereumClientTests {
  @Test(
    "geth's blocks, receipts, traces, proofs and tags carry payments, reorganisations included",
    .enabled(if: EthereumClient.Kind.geth.program() != nil, "geth isn't on the PATH"))
  func geth() async throws { try await play(.geth) }

  @Test(
    "anvil's blocks, receipts, traces, proofs and tags carry payments, reorganisations included",
    .enabled(if: EthereumClient.Kind.anvil.program() != nil, "anvil isn't on the PATH"))
  func anvil() async throws { try await play(.anvil) }

  @Test(
    "reth's blocks, receipts, traces, proofs and tags carry payments",
    .enabled(if: EthereumClient.Kind.reth.program() != nil, "reth isn't on the PATH"))
  func reth() async throws { try await play(.reth) }

  private func play(_ kind: EthereumClient.Kind) async throws {
    var chapters: [(EthereumStory) async throws -> Void] = [
      { try await $0.payments() }, { try await $0.lookalikes() },
      { try await $0.restartedWatcher() },
      { try await $0.moneyOut() },
    ]
    // What it made, reth keeps.
    if kind != .reth {
      chapters += [{ try await $0.reorganisation() }, { try await $0.brokenFinality() }]
    }
    for chapter in chapters {
      let chain = try await ClientChain.start(kind)
      do {
        let story = try await EthereumStory(on: chain)
        try await chapter(story)
        try await story.stop()
      } catch {
        await chain.stop()
        throw error
      }
    }
  }
}
