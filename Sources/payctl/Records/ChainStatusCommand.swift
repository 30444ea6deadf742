internal import ArgumentParser
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Settlement
internal import Watching

struct ChainStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Shows each chain's cursor. The exit code is 1 where one is halted.")

  @OptionGroup var database: DatabaseOptions

  private struct Status: Encodable, Sendable {
    let chain: String
    let version: Int64
    let tipHeight: UInt32
    let tipHash: String
    let tipTime: String?
    let addressesThrough: UInt64
    let addresses: UInt64
    let lookedThrough: String?
    let halt: String?
  }

  func run() async throws {
    let all = try await database.run { database in
      try await database.read { connection in
        try ChainNames.all(in: connection).compactMap { try Self.status(of: $0, in: connection) }
      }
    }
    if database.format == .json {
      try Answers.writeLines(all)
    } else {
      var table = Table("chain", "height", "tip", "block time", "watched", "looked through", "halt")
      for status in all {
        table.append(
          status.chain, "\(status.tipHeight)", status.tipHash, status.tipTime ?? "-",
          "\(status.addressesThrough) of \(status.addresses)", status.lookedThrough ?? "never",
          status.halt ?? "-")
      }
      try table.write()
    }
    if all.contains(where: { $0.halt != nil }) { throw ExitCode.failure }
  }

  private static func status(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> Status? {
    guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else { return nil }
    let tip = try ChainRecords.links(of: chain, limit: 1, in: connection).last
    let addresses = try connection.queryFirst(
      """
      SELECT MAX(ordinal) AS last FROM addresses
      WHERE family = (SELECT family FROM chains WHERE chain = $1)
      """, [.text(chain.text)])
    return Status(
      chain: chain.text, version: cursor.version, tipHeight: cursor.tip.height,
      tipHash: cursor.tip.hash.text(try ChainRecords.hashForm(of: chain, in: connection)),
      tipTime: tip.map { Timestamp(seconds: Int64($0.time)).description },
      addressesThrough: cursor.addressesThrough,
      addresses: UInt64(clamping: try addresses?.optionalInteger("last") ?? 0),
      lookedThrough: cursor.lookedThrough?.description, halt: cursor.halt)
  }
}

/// The chains that the database knows.
enum ChainNames {
  static func all(in connection: any SQLConnection) throws -> [ChainName] {
    try connection.query("SELECT chain FROM chains ORDER BY chain").map { try $0.chain("chain") }
  }
}
