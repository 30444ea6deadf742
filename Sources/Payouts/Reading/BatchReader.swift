internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import JSON
internal import Keys
internal import Payments

/// Reads both files. What it doesn't know it refuses: a signer that passes over a member signs what
/// it hasn't understood.
enum BatchReader {
  static let maximumTransactions = 1_000
  static let maximumPayments = 2_500
  /// A PSBT carries the transactions whose outputs it spends.
  static let maximumPSBTBytes = 8 << 20
  /// Nodes relay no transaction that is larger (400,000 weight units on Bitcoin, 128 KiB on EVM
  /// chains).
  static let maximumRawBytes = 400_000
  static let maximumCallDataBytes = 4_096
  static let maximumApprovals = 20

  static func root(
    _ bytes: [UInt8], format: String
  ) throws(PayoutFileError) -> (BatchHeading, [ObjectReader]) {
    guard bytes.count <= UnsignedBatch.maximumFileBytes else {
      throw .tooLarge(bytes: bytes.count)
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw .json(error)
    }
    var root = try ObjectReader(value, place: "")
    guard try root.text("format", limit: 100) == format else {
      throw root.wrong("format", "“\(format)”")
    }
    guard try root.integer("version") == UnsignedBatch.version else {
      throw root.wrong("version", "\(UnsignedBatch.version), which is all that this version reads")
    }
    let heading = try heading(&root)
    var transactions: [ObjectReader] = []
    let elements = try root.elements("transactions", limit: maximumTransactions)
    for (index, element) in elements.enumerated() {
      transactions.append(try ObjectReader(element, place: "transactions[\(index)]"))
    }
    guard !transactions.isEmpty else { throw root.wrong("transactions", "at least one") }
    try root.finish()
    return (heading, transactions)
  }

  private static func heading(
    _ root: inout ObjectReader
  ) throws(PayoutFileError) -> BatchHeading {
    let chain = try root.parsed("chain", limit: 40, "a chain's name") { ChainName($0) }
    let chainID = try root.value("chain_id") == .null ? nil : try root.integer("chain_id")
    guard chainID != 0 else { throw root.wrong("chain_id", "null, or above zero") }
    return BatchHeading(
      chain: chain, chainID: chainID, tenant: try root.text("tenant", limit: 100),
      createdAt: try root.parsed("created_at", limit: 30, "a time such as 2026-11-21T08:15:30Z") {
        Timestamp(rfc3339: $0)
      })
  }

  static func transaction(
    _ object: inout ObjectReader, of heading: BatchHeading
  ) throws(PayoutFileError) -> UnsignedTransaction {
    let id = try object.parsed("id", limit: 30, "an id out_…") { Identifier($0, prefix: "out") }
    let replaces = try object.optional("replaces", limit: 30, "an id out_…, or null") {
      Identifier($0, prefix: "out")
    }
    let purpose = try object.parsed("purpose", limit: 20, "refund, sweep, gas, withdrawal or void")
    {
      UnsignedTransaction.Purpose(rawValue: $0)
    }
    let body: UnsignedTransaction.Body
    if heading.chainID == nil {
      body = .bitcoin(
        psbt: try object.parsed("psbt", limit: maximumPSBTBytes / 3 * 4, "a PSBT in Base64") {
          Base64.decode($0)
        })
    } else {
      body = .ethereum(try offer(&object))
    }
    var payments: [PaymentOut] = []
    let elements = try object.elements("payments_out", limit: maximumPayments)
    for (index, element) in elements.enumerated() {
      payments.append(
        try payment(element, place: object.path("payments_out[\(index)]")))
    }
    return UnsignedTransaction(
      id: id, replaces: replaces, purpose: purpose, body: body, paymentsOut: payments)
  }

  private static func offer(
    _ object: inout ObjectReader
  ) throws(PayoutFileError) -> EthereumOffer {
    let account = "an address with its checksum (ERC-55)"
    return EthereumOffer(
      from: try object.parsed("from", limit: 42, account, address),
      path: try object.parsed("path", limit: 100, "a path such as m/44h/60h/0h/1/0") {
        try? DerivationPath($0)
      },
      nonce: try object.integer("nonce"),
      to: try object.parsed("to", limit: 42, account, address),
      value: try number(&object, "value"),
      data: try object.parsed(
        "data", limit: 2 * maximumCallDataBytes + 2, "0x and pairs of hexadecimal digits", prefixed),
      gas: try object.integer("gas"),
      caps: EthereumTransaction.FeeCaps(
        maxPriorityFeePerGas: try number(&object, "max_priority_fee_per_gas"),
        maxFeePerGas: try number(&object, "max_fee_per_gas")))
  }

  private static func payment(
    _ value: JSONValue, place: String
  ) throws(PayoutFileError) -> PaymentOut {
    var object = try ObjectReader(value, place: place)
    let payment = PaymentOut(
      refund: try refund(try object.value("refund"), place: object.path("refund")),
      address: try object.text("address", limit: 100), asset: try object.text("asset", limit: 20),
      contract: try object.optional("contract", limit: 42, "a contract's address, or null") {
        address($0)?.hash
      },
      amount: try number(&object, "amount_minor"),
      path: try object.optional("path", limit: 200, "a derivation path, or null") {
        try? DerivationPath($0)
      })
    try object.finish()
    return payment
  }

  private static func refund(
    _ value: JSONValue, place: String
  ) throws(PayoutFileError) -> RefundOut? {
    guard value != .null else { return nil }
    var object = try ObjectReader(value, place: place)
    var refund = RefundOut(
      id: try object.parsed("id", limit: 30, "an id ref_…") { Identifier($0, prefix: "ref") },
      payment: try object.parsed("payment", limit: 30, "an id pay_…") {
        Identifier($0, prefix: "pay")
      },
      receipts: try number(&object, "receipts_minor"),
      requestedBy: try object.text("requested_by", limit: 200),
      attestation: try attestation(
        try object.value("attestation"), place: object.path("attestation")))
    let approvals = try object.elements("approvals", limit: maximumApprovals)
    for (index, element) in approvals.enumerated() {
      let place = object.path("approvals[\(index)]")
      guard let approval = try attestation(element, place: place) else {
        throw .wrong(place, "an object")
      }
      refund.approvals.append(approval)
    }
    try object.finish()
    return refund
  }

  private static func attestation(
    _ value: JSONValue, place: String
  ) throws(PayoutFileError) -> RefundAttestation? {
    guard value != .null else { return nil }
    var object = try ObjectReader(value, place: place)
    let attestation = RefundAttestation(
      kind: try object.parsed("kind", limit: 20, "bip322 or eip191") {
        RefundAttestation.Kind(rawValue: $0)
      },
      signer: try object.text("signer", limit: 100),
      message: try object.text("message", limit: 1_000, mayBreak: true),
      signature: try object.text("signature", limit: RefundAttestation.maximumSignatureBytes))
    try object.finish()
    return attestation
  }

  private static func number(
    _ object: inout ObjectReader, _ name: String
  ) throws(PayoutFileError) -> UInt256 {
    try object.parsed(name, limit: 78, "decimal digits, in quotes") { text in
      // One way to write each number.
      guard text == "0" || !text.hasPrefix("0") else { return nil }
      return try? UInt256(decimal: text)
    }
  }

  static func address(_ text: String) -> EthereumAddress? {
    guard let address = try? EthereumAddress(text), address.text == text else { return nil }
    return address
  }

  static func prefixed(_ text: String) -> [UInt8]? {
    text.hasPrefix("0x") ? try? Hex.decode(text.dropFirst(2)) : nil
  }
}
