import Database
import GatewayFixtures
import LoopbackHTTP
import Notifications
import TestDatabases
import Testing

@Suite("A consumer of webhooks' events that dies")
struct WebhookDeathTests {
  @Test(
    "loses no event and enqueues none twice, whatever step it dies at",
    arguments: 1...4, [false, true])
  func deaths(step: Int, afterCommit: Bool) async throws {
    try await WebhookScene.run { scene in
      let receivers = [try Receiver(), try Receiver()]
      var ids: [String] = []
      for receiver in receivers { ids.append(try await scene.made(receiver.server.url).id) }
      for number in 1...3 { try await scene.gateway.made("o\(number)") }
      let dying = DyingDatabase(scene.gateway.database, at: step, afterCommit: afterCommit)
      try? await scene.hear(on: dying)
      try await scene.hear()
      try await scene.work()
      for (id, receiver) in zip(ids, receivers) {
        #expect(try await scene.statuses(id) == ["sent", "sent", "sent"])
        #expect(Set(receiver.requests.map(\.body)).count == 3 && receiver.requests.count == 3)
      }
    }
  }
}
