internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Scanning

/// What a scan prints: a line for each transfer, and the summary.
struct TransferLines {
  let format: OutputFormat
  private var output = StandardOutput()
  private var hasHeader = false

  init(format: OutputFormat) { self.format = format }

  mutating func write(_ transfer: ScannedTransfer) throws {
    switch format {
    case .json: try output.writeLine(Self.json(transfer))
    case .table:
      try writeHeader()
      // Where no address stands for the script, the script itself tells more than nothing.
      let place = transfer.address?.text ?? Hex.encode(transfer.scriptPubKey)
      try output.writeLine(
        "\(transfer.block.displayHex)  \(transfer.txid.displayHex)  "
          + "\(Self.padded(String(transfer.vout), 5))  "
          + "\(Self.padded(Self.units(UInt128(transfer.value)), 17))  \(place)")
    }
  }

  mutating func finish(_ totals: ScanTotals) throws {
    switch format {
    case .json: try output.writeLine(Self.json(totals))
    case .table:
      try output.writeLine(
        "\(totals.transfers) transfers of \(Self.units(totals.value)) BTC in \(totals.blocks) blocks, "
          + "\(totals.transactions) transactions, \(totals.bytes) bytes; \(totals.refused) refused")
    }
    try output.flush()
  }

  private mutating func writeHeader() throws {
    guard !hasHeader else { return }
    hasHeader = true
    let gap = String(repeating: " ", count: 62)
    try output.writeLine("block\(gap.dropFirst(1))txid\(gap)   vout                BTC  address")
  }

  // Hexadecimal and addresses need no escapes.

  private static func json(_ transfer: ScannedTransfer) -> String {
    let address = transfer.address.map { #""\#($0.text)""# } ?? "null"
    return #"{"block":"\#(transfer.block.displayHex)","txid":"\#(transfer.txid.displayHex)","#
      + #""vout":\#(transfer.vout),"address":\#(address),"value":\#(transfer.value)}"#
  }

  private static func json(_ totals: ScanTotals) -> String {
    #"{"summary":{"blocks":\#(totals.blocks),"transactions":\#(totals.transactions),"#
      + #""bytes":\#(totals.bytes),"transfers":\#(totals.transfers),"value":\#(totals.value),"#
      + #""refused":\#(totals.refused)}}"#
  }

  /// Satoshi as BTC with all decimals.
  private static func units(_ satoshi: UInt128) -> String {
    let fraction = String(satoshi % 100_000_000)
    let zeros = String(repeating: "0", count: 8 - fraction.count)
    return "\(satoshi / 100_000_000).\(zeros)\(fraction)"
  }

  /// `text` at the right of `width` columns.
  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
