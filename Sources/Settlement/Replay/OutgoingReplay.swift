internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Database
internal import Ethereum
internal import Payments

/// The check of outgoing transactions: what is said of each against its own unsigned bytes, and
/// what stands in blocks against the refunds that it pays.
struct OutgoingReplay {
  private let connection: any SQLConnection
  /// Of each refund the transaction in a block that pays it.
  private var payers: [String: String] = [:]

  init(connection: any SQLConnection) { self.connection = connection }

  /// Where one isn't what its bytes and its refunds say.
  mutating func run(_ row: SQLRow) throws -> [String] {
    let transaction = try OutgoingRecords.transaction(row, in: connection)
    var differences = Self.mismatch(transaction).map { ["\(transaction.id): \($0)"] } ?? []
    for payout in transaction.payouts {
      guard let id = payout.refund else { continue }
      differences += try check(payout, of: id, paidBy: transaction).map {
        "\(transaction.id): \($0)"
      }
    }
    return differences
  }

  private mutating func check(
    _ payout: OutgoingTransaction.Payout, of id: String, paidBy transaction: OutgoingTransaction
  ) throws -> [String] {
    let refund: Refund
    do {
      guard let found = try RefundRecords.load(id, locking: false, in: connection) else {
        return ["pays \(id), which isn't recorded"]
      }
      refund = found
    } catch is RefundError {
      // The refund's own check says why.
      return ["pays \(id), whose facts can't be applied"]
    }
    var differences: [String] = []
    let terms = refund.terms
    // Payees who bear the fee get what it leaves.
    let isRightAmount =
      terms.feePayer == .payee ? payout.amount <= terms.amount : payout.amount == terms.amount
    if payout.address != terms.address || payout.contract != terms.asset.contract
      || transaction.chain != terms.chain || !isRightAmount
    {
      differences.append("pays \(id) otherwise than was requested")
    }
    if !refund.outgoing.contains(transaction.id), transaction.status != .canceled {
      differences.append("pays \(id), which doesn't know it")
    }
    guard let effect = transaction.effect, effect == .whole || effect == .less else {
      return differences
    }
    if let other = payers.updateValue(transaction.id, forKey: id) {
      differences.append("pays \(id), which \(other) has paid")
    }
    if ![.broadcast, .confirmed, .held, .final].contains(refund.status) {
      differences.append("stands in a block and pays \(id), which is \(refund.status.rawValue)")
    }
    return differences
  }

  /// Why the payouts that are recorded aren't those of the bytes that were to be signed.
  private static func mismatch(_ transaction: OutgoingTransaction) -> String? {
    // What was given up has no slots any more, and its bytes alone tell of which family it is.
    guard transaction.unsigned.hasPrefix("0x") else {
      guard let psbt = try? PSBT(base64: transaction.unsigned) else { return "no PSBT is recorded" }
      let outputs = psbt.transaction.outputs
      guard outputs.count == transaction.payouts.count else {
        return "has \(outputs.count) outputs, recorded are \(transaction.payouts.count)"
      }
      let agree = zip(outputs, transaction.payouts).allSatisfy { output, payout in
        UInt256(output.value) == payout.amount && payout.contract == nil
          && BitcoinNetwork.Kind.allCases.contains { kind in
            (try? BitcoinAddress(payout.address, network: BitcoinNetwork(kind)))?.output
              .scriptPubKey == output.scriptPubKey
          }
      }
      return agree ? nil : "its outputs aren't the recorded ones"
    }
    guard let bytes = try? Hex.decode(transaction.unsigned.dropFirst(2)),
      let unsigned = try? EthereumTransaction(unsigned: bytes), let to = unsigned.recipient
    else { return "no unsigned transaction is recorded" }
    guard let payout = transaction.payouts.first, transaction.payouts.count == 1 else {
      return "pays one, recorded are \(transaction.payouts.count)"
    }
    let agrees: Bool
    if let contract = payout.contract {
      if case .transfer(let recipient, let value)? = TokenCall(unsigned.input) {
        agrees =
          to.hash == contract && recipient.text == payout.address && value == payout.amount
          && unsigned.value == .zero
      } else {
        agrees = false
      }
    } else {
      agrees =
        to.text == payout.address && unsigned.value == payout.amount && unsigned.input.isEmpty
    }
    return agrees ? nil : "its unsigned bytes pay something else than is recorded"
  }
}
