internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum
package import JSON
internal import Keys
internal import Payments

extension UnsignedBatch {
  package static let format = "paywatch.unsigned"
  package static let version: UInt64 = 1
  /// A longer file is refused before it is read.
  package static let maximumFileBytes = 64 << 20

  /// From a file. Members that this version doesn't know, and two transactions of one id, are
  /// refused.
  package init(parsing bytes: [UInt8]) throws(PayoutFileError) {
    let (heading, objects) = try BatchReader.root(bytes, format: Self.format)
    var transactions: [UnsignedTransaction] = []
    var ids: Set<Identifier> = []
    for var object in objects {
      let transaction = try BatchReader.transaction(&object, of: heading)
      try object.finish()
      guard ids.insert(transaction.id).inserted else {
        throw object.wrong("id", "another than those before it")
      }
      transactions.append(transaction)
    }
    self.init(heading: heading, transactions: transactions)
  }

  package var json: JSONValue {
    heading.json(
      format: Self.format, transactions: transactions.map { .object($0.members) })
  }
}

extension SignedBatch {
  package static let format = "paywatch.signed"

  /// From a file, as strictly. That signatures and txid belong to it isn't checked here.
  package init(parsing bytes: [UInt8]) throws(PayoutFileError) {
    let (heading, objects) = try BatchReader.root(bytes, format: Self.format)
    var transactions: [SignedTransaction] = []
    var ids: Set<Identifier> = []
    for var object in objects {
      let transaction = try BatchReader.transaction(&object, of: heading)
      let raw = try object.parsed(
        "raw", limit: 2 * BatchReader.maximumRawBytes, "pairs of hexadecimal digits"
      ) { text in heading.chainID == nil ? try? Hex.decode(text) : BatchReader.prefixed(text) }
      let txid = try object.parsed("txid", limit: 66, "a transaction's hash") { text in
        // The one text that this family has for it.
        (try? Hash32(text: text)).flatMap { $0.text(heading.hashForm) == text ? $0 : nil }
      }
      try object.finish()
      guard ids.insert(transaction.id).inserted else {
        throw object.wrong("id", "another than those before it")
      }
      transactions.append(SignedTransaction(transaction: transaction, raw: raw, txid: txid))
    }
    self.init(heading: heading, transactions: transactions)
  }

  package var json: JSONValue {
    let isEthereum = heading.chainID != nil
    return heading.json(
      format: Self.format,
      transactions: transactions.map { signed in
        let raw = Hex.encode(signed.raw)
        return .object(
          signed.transaction.members + [
            .init("raw", .string(isEthereum ? "0x" + raw : raw)),
            .init("txid", .string(signed.txid.text(heading.hashForm))),
          ])
      })
  }
}

extension BatchHeading {
  fileprivate var hashForm: HashForm { chainID == nil ? .bitcoin : .ethereum }

  fileprivate func json(format: String, transactions: [JSONValue]) -> JSONValue {
    [
      "format": .string(format), "version": .integer(UnsignedBatch.version),
      "chain": .string(chain.text), "chain_id": chainID.map { .integer($0) } ?? .null,
      "tenant": .string(tenant), "created_at": .string("\(createdAt)"),
      "transactions": .array(transactions),
    ]
  }
}

extension UnsignedTransaction {
  fileprivate var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("id", .string("\(id)")), .init("replaces", .optional(replaces.map { "\($0)" })),
      .init("purpose", .string(purpose.rawValue)),
    ]
    switch body {
    case .bitcoin(let psbt): members.append(.init("psbt", .string(Base64.encode(psbt))))
    case .ethereum(let offer): members += offer.members
    }
    members.append(.init("payments_out", .array(paymentsOut.map(\.json))))
    return members
  }
}

extension EthereumOffer {
  fileprivate var members: [JSONValue.Member] {
    [
      .init("from", .string(from.text)), .init("path", .string("\(path)")),
      .init("nonce", .integer(nonce)), .init("to", .string(to.text)),
      .init("value", .string(value.decimal)), .init("data", .string("0x" + Hex.encode(data))),
      .init("gas", .integer(gas)),
      .init("max_fee_per_gas", .string(caps.maxFeePerGas.decimal)),
      .init("max_priority_fee_per_gas", .string(caps.maxPriorityFeePerGas.decimal)),
    ]
  }
}

extension PaymentOut {
  fileprivate var json: JSONValue {
    [
      "refund": refund.map(\.json) ?? .null, "address": .string(address),
      "asset": .string(asset), "contract": .optional(contract.map { EthereumAddress($0).text }),
      "amount_minor": .string(amount.decimal), "path": .optional(path.map { "\($0)" }),
    ]
  }
}

extension RefundOut {
  fileprivate var json: JSONValue {
    [
      "id": .string("\(id)"), "payment": .string("\(payment)"),
      "receipts_minor": .string(receipts.decimal), "requested_by": .string(requestedBy),
      "attestation": attestation.map(\.json) ?? .null,
      "approvals": .array(approvals.map(\.json)),
    ]
  }
}

extension RefundAttestation {
  fileprivate var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "signer": .string(signer), "message": .string(message),
      "signature": .string(signature),
    ]
  }
}
