import TestDatabases
import TestSupport
import Testing

@Suite("payctl on both engines")
struct EngineTests {
  private static let commands = [
    ["payment", "list"], ["payment", "list", "--status", "processing", "--tenant", "shop"],
    ["payment", "list", "--order", "order-2"], ["address", "list"],
    ["address", "list", "--tenant", "shop", "--free"], ["chain", "status"], ["coverage"],
    ["events"], ["events", "--after", "2", "--type", "payment.created"], ["tenant", "list"],
    ["consumer", "list"], ["refund", "list"], ["refund", "list", "--status", "approved"],
    ["payout", "list"], ["payout", "list", "--status", "built", "--tenant", "shop"],
  ]

  @Test("what they say of the same records is the same")
  func answers() async throws {
    let (file, server) = (try await SampleDatabase(), try await SampleDatabase(.postgreSQL))
    // Rows show once no transaction of the server is older than they are.
    let payments = ["payment", "list", "--format", "json"]
    let count = try file.payctl(arguments: payments).lines.count
    try await waitUntil("its rows show") {
      try server.payctl(arguments: payments).lines.count >= count
    }
    for command in Self.commands + [["payment", "show", file.partly]] {
      let arguments = command.first == "events" ? command : command + ["--format", "json"]
      let (here, there) = (
        try file.payctl(arguments: arguments), try server.payctl(arguments: arguments)
      )
      #expect(here.status == 0, "\(command): \(here.errors)")
      #expect(there.status == 0, "\(command): \(there.errors)")
      #expect(there.output == here.output, "\(command)")
    }
  }

  @Test("a key is made, listed and revoked by its label on PostgreSQL")
  func keys() async throws {
    let sample = try await SampleDatabase(.postgreSQL)
    for tenant in ["shop", "stall"] {
      let made = try sample.payctl(
        "tenant", "key", "create", "--tenant", tenant, "--label", "till")
      #expect(made.status == 0, "\(made.errors)")
    }
    let one = try sample.payctl("tenant", "key", "list", "--tenant", "shop", "--format", "json")
    #expect(one.lines.count == 1, "\(one.errors)")
    let all = try sample.payctl("tenant", "key", "list", "--format", "json")
    #expect(all.lines.count == 2, "\(all.errors)")
    let revoked = try sample.payctl("tenant", "key", "revoke", "till", "--tenant", "shop")
    #expect(revoked.status == 0, "\(revoked.errors)")
  }
}
