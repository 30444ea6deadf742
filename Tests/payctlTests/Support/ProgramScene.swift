import Foundation
import Payments
import Payouts
import TestDatabases
import TestSupport
import Testing

/// A chain on which a tenant's money goes out by programs alone, each of which knows only the files
/// in `scratch` and the database: `paywatch.yaml` on the server, `policy.yaml` and what is to be
/// signed on the machine with the keys.
protocol ProgramScene: AnyObject {
  var scratch: TemporaryDirectory { get }
  var store: TestStore { get }
  /// As the configuration has it.
  var chainName: String { get }
}

/// A refund as `payctl refund` tells it.
struct ToldRefund: Decodable {
  let id: String
  let status: String
  let amountMinor: String
  let txid: String?
}

/// An outgoing transaction as `payctl payout list` tells it.
struct ToldTransaction: Decodable {
  let id: String
  let purpose: String
  let status: String
  let txid: String?
  let replaces: String?
  let maximumFeeMinor: String
  let feeMinor: String?
}

extension ProgramScene {
  var configPath: String { scratch.path("paywatch.yaml") }
  /// A file, or a connection URI.
  var databasePath: String { store.location }

  func payctl(_ arguments: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(arguments)
  }

  // MARK: The server

  func request(
    _ payment: Payment, _ kind: String, to address: String
  ) async throws -> ToldRefund {
    let outcome = try await payctl(
      "refund", "request", payment.terms.id, "--config", configPath, "--kind", kind, "--address",
      address, "--by", "ada", "--format", "json")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try outcome.object(ToldRefund.self)
  }

  func told(_ refund: ToldRefund) async throws -> ToldRefund {
    let outcome = try await payctl(
      "refund", "show", refund.id, "--database", databasePath, "--format", "json")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try outcome.object(ToldRefund.self)
  }

  /// All outgoing transactions, the oldest first.
  func transactions() async throws -> [ToldTransaction] {
    let outcome = try await payctl(
      "payout", "list", "--database", databasePath, "--format", "json")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try outcome.objects(ToldTransaction.self)
  }

  func payout(_ command: String, _ more: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      ["payout", command, "--config", configPath, "--chain", chainName, "--tenant", "shop"] + more)
  }

  /// Has transactions made by a command that writes a file for the signer, of that name.
  @discardableResult
  func make(_ name: String, _ command: String, _ more: String...) async throws -> UnsignedBatch {
    let outcome = try await Program.payctl.finish(
      ["payout", command, "--config", configPath, "--chain", chainName, "--tenant", "shop"] + more
        + ["--out", scratch.path(name)])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let batch = try batch(name)
    for transaction in batch.transactions {
      #expect(outcome.output.contains("\(transaction.id)"))
    }
    return batch
  }

  func batch(_ name: String) throws -> UnsignedBatch {
    try UnsignedBatch(parsing: Array(Data(contentsOf: URL(filePath: scratch.path(name)))))
  }

  func broadcast(_ name: String) async throws -> Program.Outcome {
    try await payout("broadcast", scratch.path(name))
  }

  /// Whether the books, what is made again from its facts, and the chain agree.
  func expectAgreement() async throws {
    for command in ["replay", "reconcile"] {
      let outcome = try await payctl(command, "--config", configPath)
      #expect(outcome.status == 0, "\(command): \(outcome.output)\(outcome.errors)")
    }
  }

  // MARK: The machine with the keys

  func sign(
    _ name: String, _ more: String..., input: String = SignScene.words + "\n"
  ) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      ["sign", scratch.path(name), "--policy", scratch.path("policy.yaml")] + more, input: input)
  }

  /// Signs a file and brings it back.
  func send(_ name: String) async throws {
    let signed = try await sign(name, "--words", "--yes")
    try #require(signed.status == 0, "\(signed.errors)")
    let sent = try await broadcast(name + ".signed")
    let count = try batch(name).transactions.count
    #expect(sent.status == 0, "\(sent.errors)")
    #expect(sent.errors == "payctl: \(count) sent, 0 refused by nodes\n")
  }
}

extension TestStore {
  /// What a configuration says of it; a password has a file of its own.
  func setting(in scratch: TemporaryDirectory) throws -> String {
    guard engine == .postgreSQL else { return "{ sqlite: \"\(location)\" }" }
    var url = try #require(URLComponents(string: location))
    let file = try scratch.write("database.password", (url.password ?? "").utf8)
    url.password = nil
    return "{ postgresql: { url: \"\(url.string ?? "")\", password_file: \"\(file)\" } }"
  }
}
