package import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Watching

/// A page of a payment's transactions, each with the proof that it stands in its block: anyone can
/// check it, and has to believe nobody but their own source of block hashes.
///
/// Hashes are in display order, as Bitcoin Core and Electrum write them; `pos` and `merkle` are
/// those of Electrum's `blockchain.transaction.get_merkle` (protocol 1.4).
package struct PaymentProof: Encodable, Sendable {
  /// A page ends behind the transaction with which it reaches so many bytes, told twice as long in
  /// hexadecimal. One proof has at most a million: a block without its witnesses.
  private static let pageBytes = 1 << 22
  private static let outputBytes = 50

  let paymentID: String
  let chain: String
  let asset: String
  let address: String
  private(set) var data: [ProvedTransaction] = []
  /// Nil on the last page.
  private(set) var nextAfter: String?

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

  struct Proof: Encodable, Sendable {
    let blockHash: String
    let blockHeight: UInt32
    let header: String
    let transaction: String
    let pos: UInt32
    let merkle: [String]
    let coinbase: Coinbase
  }

  struct Coinbase: Encodable, Sendable {
    let transaction: String
    let merkle: [String]
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
    address = terms.address
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
      bytes += proof.map { $0.transaction.count + $0.coinbase.count } ?? 0
      bytes += Self.outputBytes * group.transfers.count
      data.append(
        ProvedTransaction(
          txid: group.transfers[0].id.txidText,
          outputs: group.transfers.map { Output($0, asset: terms.asset) },
          proof: proof.map(Proof.init)))
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
    case paymentID, chain, asset, address, data, nextAfter
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(paymentID, forKey: .paymentID)
    try container.encode(chain, forKey: .chain)
    try container.encode(asset, forKey: .asset)
    try container.encode(address, forKey: .address)
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

extension PaymentProof.Proof {
  fileprivate init(_ proof: TransferProof) {
    blockHash = proof.block.hash.displayHex
    blockHeight = proof.block.height
    header = Hex.encode(proof.header)
    transaction = Hex.encode(proof.transaction)
    pos = proof.position
    merkle = proof.siblings.map(\.displayHex)
    coinbase = PaymentProof.Coinbase(
      transaction: Hex.encode(proof.coinbase),
      merkle: proof.coinbaseSiblings.map(\.displayHex))
  }
}
