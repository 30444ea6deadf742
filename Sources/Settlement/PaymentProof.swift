internal import Addresses
internal import Aggregates
internal import Bitcoin
package import Bytes
internal import ChainTypes
internal import Database
internal import Ethereum
internal import Payments
internal import Watching

/// A page of a payment's transactions, each with the proof that it stands in its block: anyone can
/// check it, and has to believe nobody but their own source of block hashes.
///
/// On Bitcoin hashes are in display order, as Bitcoin Core and Electrum write them; `pos` and
/// `merkle` are those of Electrum's `blockchain.transaction.get_merkle` (protocol 1.4). On EVM
/// chains bytes are as in the nodes' JSON, with 0x, and branches are as `eth_getProof` has them.
package struct PaymentProof: Encodable, Sendable {
  /// A page ends behind the transaction with which it reaches so many bytes, told twice as long in
  /// hexadecimal. One proof has at most a block's transactions or logs, which consensus bounds.
  private static let pageBytes = 1 << 22
  private static let outputBytes = 50
  /// As many headers follow as the payment waited for to be final, and no more than these: a day's.
  private static let maximumHeaders: UInt32 = 144

  let paymentID: String
  let chain: String
  let asset: String
  /// The token's; nil for the chain's own coin.
  let contract: String?
  let address: String
  let terms: Terms
  private(set) var data: [ProvedTransaction] = []
  /// Nil on the last page.
  private(set) var nextAfter: String?

  /// What was asked for: the service's own word, which no chain proves.
  struct Terms: Encodable, Sendable {
    let orderID: String
    let amount: String
    let amountMinor: String
    let toleranceMinor: String
    let chainID: UInt64?
    let confirmationsRequired: UInt32
    let finality: UInt32
    let createdAt: String
    let expiresAt: String
  }

  struct ProvedTransaction: Sendable {
    let txid: String
    let outputs: [Output]
    /// Nil where it stands in no block of the active chain, and where it was recorded before
    /// proofs were kept.
    let proof: Proof?
  }

  struct Output: Encodable, Sendable {
    let vout: UInt32?
    let position: String?
    let amount: String
    let amountMinor: String
    let state: String
  }

  enum Proof: Sendable {
    case inclusion(Inclusion)
    case execution(Execution)
  }

  struct Inclusion: Encodable, Sendable {
    let blockHash: String
    let blockHeight: UInt32
    let header: String
    let transaction: String
    let pos: UInt32
    let merkle: [String]
    let coinbase: Coinbase?
    /// Of the blocks on top, lowest first.
    let headers: [String]
  }

  struct Coinbase: Encodable, Sendable {
    let transaction: String
    let merkle: [String]
  }

  struct Execution: Encodable, Sendable {
    let blockHash: String
    let blockHeight: UInt32
    let header: String
    let pos: UInt32
    let transactionProof: [String]
    let receiptProof: [String]
    let balances: [Balance]
  }

  struct Balance: Encodable, Sendable {
    let address: String
    let parentHeader: String
    let before: [String]
    let after: [String]
  }

  /// The txid behind which the next page begins; nil where there is none.
  package var lastTxid: Hash32? { nextAfter.flatMap { try? Hash32(text: $0) } }

  package func json() throws -> String { try CanonicalJSON.document(self) }

  /// The next `limit` transactions behind `txid`, in the order in which they first came. Throws
  /// `PaymentRefusal` where `txid` isn't among them.
  init(
    _ payment: Payment, after txid: Hash32?, limit: Int, in connection: any SQLConnection
  ) throws {
    let terms = payment.terms
    paymentID = terms.id
    chain = terms.chain.text
    asset = terms.asset.symbol
    contract = terms.asset.contract.map { "0x\($0.hex)" }
    address = terms.address
    self.terms = Terms(terms)
    let groups = Self.byTransaction(payment.transfers)
    var start = 0
    if let txid {
      guard let place = groups.firstIndex(where: { $0.txid == txid }) else {
        throw PaymentRefusal.unknownTransaction(txid)
      }
      start = place + 1
    }
    var bytes = 0
    for (place, group) in groups.enumerated().dropFirst(start) {
      let proof = try group.block.flatMap {
        try ProofRecords.find(group.txid, in: $0, on: terms.chain, in: connection)
      }
      bytes += proof?.byteCount ?? 0
      bytes += Self.outputBytes * group.transfers.count
      let headers = try proof.map {
        try HeaderRecords.above(
          $0.block, limit: min(max(terms.finality, 1) - 1, Self.maximumHeaders), on: terms.chain,
          in: connection)
      }
      bytes += headers.map { 80 * $0.count } ?? 0
      data.append(
        ProvedTransaction(
          txid: group.transfers[0].id.txidText,
          outputs: group.transfers.map { Output($0, asset: terms.asset) },
          proof: proof.map { Proof($0, headers: headers ?? []) }))
      guard data.count < limit, bytes < Self.pageBytes else {
        if place < groups.count - 1 { nextAfter = group.transfers[0].id.txidText }
        return
      }
    }
  }

  private static func byTransaction(_ transfers: [PaymentTransfer]) -> [TransactionGroup] {
    var groups: [TransactionGroup] = []
    var places: [Hash32: Int] = [:]
    for transfer in transfers {
      if let place = places[transfer.id.txid] {
        groups[place].transfers.append(transfer)
      } else {
        places[transfer.id.txid] = groups.count
        groups.append(TransactionGroup(txid: transfer.id.txid, transfers: [transfer]))
      }
    }
    return groups
  }
}

/// A payment's transfers in one transaction.
private struct TransactionGroup {
  let txid: Hash32
  var transfers: [PaymentTransfer]

  /// The block of the active chain that it stands in.
  var block: BlockRef? { transfers.lazy.compactMap(\.activeBlock).first }
}

extension PaymentTransfer {
  fileprivate var activeBlock: BlockRef? {
    switch state {
    case .included, .confirmed, .final: block
    case .seen, .replaced, .dropped, .orphaned, .failed, .quarantined, .released, .refunded: nil
    }
  }
}

extension PaymentProof {
  private enum CodingKeys: CodingKey {
    case paymentID, chain, asset, contract, address, terms, data, nextAfter
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(paymentID, forKey: .paymentID)
    try container.encode(chain, forKey: .chain)
    try container.encode(asset, forKey: .asset)
    try container.encodeIfPresent(contract, forKey: .contract)
    try container.encode(address, forKey: .address)
    try container.encode(terms, forKey: .terms)
    try container.encode(data, forKey: .data)
    // Written as null where there is none.
    try container.encode(nextAfter, forKey: .nextAfter)
  }
}

extension PaymentProof.ProvedTransaction: Encodable {
  private enum CodingKeys: CodingKey {
    case txid, outputs, proof
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(txid, forKey: .txid)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(proof, forKey: .proof)
  }
}

extension PaymentProof.Terms {
  fileprivate init(_ terms: PaymentTerms) {
    orderID = terms.orderID
    amount = Amount(minorUnits: terms.amount, asset: terms.asset).units
    amountMinor = terms.amount.decimal
    toleranceMinor = terms.tolerance.decimal
    chainID = terms.chainID
    confirmationsRequired = terms.confirmations
    finality = terms.finality
    createdAt = terms.createdAt.description
    expiresAt = terms.expiresAt.description
  }
}

extension PaymentProof.Output {
  fileprivate init(_ transfer: PaymentTransfer, asset: Asset) {
    if case .vout(let vout) = transfer.id.position {
      self.vout = vout
      position = nil
    } else {
      vout = nil
      position = transfer.id.position.description
    }
    amount = Amount(minorUnits: transfer.value, asset: asset).units
    amountMinor = transfer.value.decimal
    state = transfer.state.rawValue
  }
}

extension PaymentProof.Proof: Encodable {
  fileprivate init(_ proof: TransferProof, headers: [[UInt8]]) {
    switch proof.evidence {
    case .inclusion(let inclusion, let header):
      self = .inclusion(
        PaymentProof.Inclusion(
          blockHash: proof.block.hash.text(.bitcoin), blockHeight: proof.block.height,
          header: Hex.encode(header), transaction: Hex.encode(inclusion.transaction),
          pos: inclusion.branch.position, merkle: inclusion.branch.siblings.map(\.displayHex),
          coinbase: inclusion.coinbase.map { coinbase in
            PaymentProof.Coinbase(
              transaction: Hex.encode(coinbase.transaction),
              merkle: coinbase.siblings.map(\.displayHex))
          }, headers: headers.map { Hex.encode($0) }))
    case .execution(let execution):
      self = .execution(
        PaymentProof.Execution(
          blockHash: proof.block.hash.text(.ethereum), blockHeight: proof.block.height,
          header: Self.data(execution.header), pos: execution.index,
          transactionProof: execution.transactionNodes.map(Self.data),
          receiptProof: execution.receiptNodes.map(Self.data),
          balances: execution.balances.map { balance in
            PaymentProof.Balance(
              address: balance.address.description,
              parentHeader: Self.data(balance.parentHeader),
              before: balance.before.map(Self.data), after: balance.after.map(Self.data))
          }))
    }
  }

  private static func data(_ bytes: [UInt8]) -> String { "0x" + Hex.encode(bytes) }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .inclusion(let inclusion): try inclusion.encode(to: encoder)
    case .execution(let execution): try execution.encode(to: encoder)
    }
  }
}
