internal import Addresses
internal import Bytes
internal import Ethereum
internal import Scanning

/// What a scan of nodes' answers prints: for each block what was proved, and a line for each of its
/// transfers; then the summary.
struct AnswerLines {
  let format: OutputFormat
  private var output = StandardOutput()

  init(format: OutputFormat) { self.format = format }

  mutating func write(_ block: ScannedAnswers) throws {
    var proved = ["header"]
    if block.provesTransactions { proved.append("transactions") }
    if block.provesReceipts { proved.append("receipts") }
    switch format {
    case .json:
      let names = proved.map { #""\#($0)""# }.joined(separator: ",")
      try output.writeLine(
        #"{"block":"0x\#(block.hash.hex)","number":\#(block.number),"proved":[\#(names)],"#
          + #""transactions":\#(block.transactionCount),"transfers":\#(block.transfers.count)}"#)
      for transfer in block.transfers { try output.writeLine(Self.json(transfer, in: block)) }
    case .table:
      try output.writeLine(
        "block \(block.number) 0x\(block.hash.hex): \(proved.joined(separator: ", ")) proved, "
          + "\(block.transfers.count) transfers")
      for transfer in block.transfers {
        try output.writeLine(
          "  0x\(transfer.txid.hex)  \(transfer.position?.description ?? "?")  "
            + "\(transfer.value) \(transfer.symbol ?? "of \(transfer.contract?.text ?? "?")")  "
            + "\(transfer.from) to \(transfer.to)")
      }
    }
  }

  mutating func finish(
    blocks: Int, transactions: Int, transfers: Int, refused: Int
  ) throws {
    switch format {
    case .json:
      try output.writeLine(
        #"{"summary":{"blocks":\#(blocks),"transactions":\#(transactions),"#
          + #""transfers":\#(transfers),"refused":\#(refused)}}"#)
    case .table:
      try output.writeLine(
        "\(transfers) transfers in \(blocks) blocks, \(transactions) transactions; "
          + "\(refused) refused")
    }
    try output.flush()
  }

  // Hexadecimal, addresses and listed symbols need no escapes. A value is a text: it may have more
  // digits than readers of JSON keep of a number.
  private static func json(
    _ transfer: ScannedAnswers.Transfer, in block: ScannedAnswers
  ) -> String {
    func text(_ value: String?) -> String { value.map { #""\#($0)""# } ?? "null" }
    return #"{"block":"0x\#(block.hash.hex)","txid":"0x\#(transfer.txid.hex)","#
      + #""position":\#(text(transfer.position?.description)),"asset":\#(text(transfer.symbol)),"#
      + #""contract":\#(text(transfer.contract?.text)),"from":"\#(transfer.from)","#
      + #""to":"\#(transfer.to)","value":"\#(transfer.value)"}"#
  }
}
