internal import Addresses
internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Database
internal import Settlement
internal import Watching

struct AddressShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows where an address comes from and what came to it.")

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The address.")
  var address: String

  private struct Answer: Encodable, Sendable {
    let address: AddressRecord
    let descriptor: String
    let script: String
    let transfers: [Transfer]
    let incomes: [Income]
  }

  /// Coin that came without a transfer.
  private struct Income: Encodable {
    let chain: String
    let source: String
    let amountMinor: String
    let blockHeight: UInt32
    let blockHash: String

    init(_ chain: ChainName, _ income: AddressIncome, _ form: HashForm) {
      self.chain = chain.text
      source = income.source.description
      amountMinor = income.value.decimal
      blockHeight = income.block.height
      blockHash = income.block.hash.text(form)
    }
  }

  private struct Transfer: Encodable {
    let chain: String
    let txid: String
    /// On Bitcoin.
    let vout: UInt32?
    /// On other chains.
    let position: String?
    /// A token's.
    let contract: String?
    let amountMinor: String
    let state: String
    let blockHeight: Int64?

    init(_ row: SQLRow) throws {
      let text = try row.text("position")
      guard let place = TransferPosition(text) else { throw CorruptRow.column("position") }
      chain = try row.text("chain")
      txid = try row.hash("txid").text(place.hashForm)
      if case .vout(let index) = place {
        vout = index
        position = nil
      } else {
        vout = nil
        position = text
      }
      contract = try row.contract("contract").map { "0x\($0.hex)" }
      amountMinor = try row.amount("value").decimal
      state = try row.text("state")
      blockHeight = try row.optionalInteger("block_height")
    }

    var place: String { position ?? vout.map(String.init) ?? "" }
  }

  func run() async throws {
    let wanted = canonical
    let answer = try await database.run { database in
      try await database.read { try Self.find(wanted, in: $0) }
    }
    guard let answer else { throw CommandFailure("no such address was ever derived") }
    guard database.format == .table else {
      return try Answers.write(answer, .json, table: [])
    }
    let record = answer.address
    try Answers.write(
      answer, .table,
      table: [
        ("address", record.address), ("script", answer.script), ("ordinal", "\(record.ordinal)"),
        ("tenant", record.tenant),
        ("account", "\(record.account) (region \(record.region), epoch \(record.epoch))"),
        ("descriptor", answer.descriptor), ("index", "\(record.index)"),
        ("payment", record.paymentId ?? (record.touched ? "none, and it never gets one" : "none")),
      ])
    var table = Table("transfer", "state", "block", "minor units")
    for transfer in answer.transfers {
      table.append(
        "\(transfer.chain)/\(transfer.txid)/\(transfer.place)", transfer.state,
        transfer.blockHeight.map(String.init) ?? "-", transfer.amountMinor)
    }
    if !answer.transfers.isEmpty { try table.write() }
    var incomes = Table("income", "block", "minor units")
    for income in answer.incomes {
      incomes.append(
        "\(income.chain)/\(income.source)", "\(income.blockHeight)", income.amountMinor)
    }
    if !answer.incomes.isEmpty { try incomes.write() }
  }

  /// The address as it is stored. A segwit address may be written in capitals, as in QR codes, and
  /// an EVM chain's without its checksum.
  private var canonical: String {
    if let ethereum = try? EthereumAddress(address) { return ethereum.text }
    return address == address.uppercased() ? address.lowercased() : address
  }

  private static func find(
    _ address: String, in connection: any SQLConnection
  ) throws -> Answer? {
    let row = try connection.queryFirst(
      "\(AddressRecord.selection) WHERE address = $1", [.text(address)])
    guard let record = try row.map(AddressRecord.init) else { return nil }
    let origin = try connection.queryFirst(
      """
      SELECT descriptor, script, addresses.family AS family FROM addresses
      JOIN accounts ON accounts.account_id = addresses.account_id
      WHERE address = $1
      """, [.text(address)])
    guard let origin else { return nil }
    let transfers = try connection.query(
      """
      SELECT chain, txid, position, contract, value, state, block_height FROM transfers
      WHERE family = $1 AND ordinal = $2 ORDER BY first_seen, txid, position LIMIT 1000
      """, [.text(origin.text("family")), .ordinal(record.ordinal)])
    let incomes = try IncomeRecords.incomes(
      of: record.ordinal, family: origin.text("family"), in: connection)
    return Answer(
      address: record, descriptor: try origin.text("descriptor"),
      script: Hex.encode(try origin.blob("script")),
      transfers: try transfers.map(Transfer.init),
      incomes: incomes.map {
        Income($0.chain, $0.income, HashForm(family: record.family))
      })
  }
}
