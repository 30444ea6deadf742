internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

struct LedgerBalancesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "balances", abstract: "Shows what each account has, by tenant, chain and asset.")

  @OptionGroup var database: BooksDatabase

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Option(help: "table, csv or json.")
  var format: BooksFormat = .table

  private struct Line: Encodable {
    let tenant: String
    let chain: String
    let asset: String
    let contract: String?
    let account: String
    let debitMinor: String
    let creditMinor: String
    let balanceMinor: String
  }

  func run() async throws {
    let (tenant, specs) = (tenant, try database.chains)
    let lines = try await database.run { database in
      try await database.read { connection in
        var assets = AssetNames(connection: connection, listed: specs)
        return try LedgerRecords.balances(in: connection)
          .filter { tenant == nil || $0.tenant == tenant }
          .map { balance in
            Line(
              tenant: balance.tenant, chain: balance.chain.text,
              asset: try assets.asset(balance.contract, on: balance.chain)?.symbol ?? "",
              contract: balance.contract.map { "0x\($0.hex)" }, account: balance.account.rawValue,
              debitMinor: balance.debit.decimal, creditMinor: balance.credit.decimal,
              balanceMinor: SignedAmount(balance.debit, less: balance.credit).description)
          }
      }
    }
    try write(lines)
  }

  private func write(_ lines: [Line]) throws {
    switch format {
    case .json: try Answers.writeLines(lines)
    case .csv:
      var output = StandardOutput()
      let names = [
        "tenant", "chain", "asset", "contract", "account", "debit_minor", "credit_minor",
        "balance_minor",
      ]
      try output.writeLine(CSV.line(names) + "\r")
      for line in lines {
        try output.writeLine(
          CSV.line([
            line.tenant, line.chain, line.asset, line.contract ?? "", line.account,
            line.debitMinor, line.creditMinor, line.balanceMinor,
          ]) + "\r")
      }
      try output.flush()
    case .table:
      var table = Table("tenant", "chain", "asset", "account", "debit", "credit", "balance")
      for line in lines {
        table.append(
          line.tenant.isEmpty ? "-" : line.tenant, line.chain,
          line.asset.isEmpty ? line.contract ?? "-" : line.asset, line.account, line.debitMinor,
          line.creditMinor, line.balanceMinor)
      }
      try table.write()
    }
  }
}
