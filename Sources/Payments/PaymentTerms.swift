package import Bytes
package import ChainTypes

/// What was asked for, fixed when the payment is made.
package struct PaymentTerms: Hashable, Sendable, Codable {
  /// `pay_…`
  package let id: String
  package let tenant: String
  package let orderID: String
  package let chain: ChainName
  /// EIP-155's number where the chain is an EVM chain: a wallet must be told it.
  package let chainID: UInt64?
  package let asset: Asset
  /// The due amount D in minor units.
  package let amount: UInt256
  /// How many minor units may be missing (t).
  package let tolerance: UInt256
  package let createdAt: Timestamp
  package let expiresAt: Timestamp
  /// How deep money must be to count as confirmed; 0: as soon as it is in the mempool.
  package let confirmations: UInt32
  /// How deep it must be to count as final.
  package let finality: UInt32
  package let latePolicy: LatePolicy
  /// The watched address's ordinal and its text.
  package let ordinal: UInt64
  package let address: String
  /// The region that owns the payment and writes its events.
  package let region: String
  /// What the shop wants back: JSON text, never read here.
  package let metadata: String?
  /// Where the payer wants refunds, in the chain's form; nil where nobody has said.
  package let refundAddress: String?
  /// What becomes of money that is too little when the deadline passes, and of what is too much;
  /// nil where an operator decides.
  package let shortPolicy: ExceptionPolicy?
  package let overPolicy: ExceptionPolicy?
  /// The price that the amount was made of; nil where the shop named the amount.
  package let quote: PaymentQuote?

  /// What becomes of money that isn't as the terms say, once it is final.
  package enum ExceptionPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is kept: what is too little counts as all that was due.
    case accept
    /// It is sent back: what is too much, or all that came where it is too little.
    case refund
  }

  /// What becomes of money that comes after the deadline.
  package enum LatePolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// It counts, and the payment says `late`.
    case accept
    /// It waits for an operator.
    case hold
    /// It waits until it is final, and is sent back.
    case refund
  }

  package init(
    id: String, tenant: String, orderID: String, chain: ChainName, chainID: UInt64? = nil,
    asset: Asset, amount: UInt256, tolerance: UInt256, createdAt: Timestamp, expiresAt: Timestamp,
    confirmations: UInt32,
    finality: UInt32, latePolicy: LatePolicy, ordinal: UInt64, address: String, region: String,
    metadata: String?, refundAddress: String? = nil, shortPolicy: ExceptionPolicy? = nil,
    overPolicy: ExceptionPolicy? = nil, quote: PaymentQuote? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.orderID = orderID
    self.chain = chain
    self.chainID = chainID
    self.asset = asset
    self.amount = amount
    self.tolerance = tolerance
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.confirmations = confirmations
    self.finality = finality
    self.latePolicy = latePolicy
    self.ordinal = ordinal
    self.address = address
    self.region = region
    self.metadata = metadata
    self.refundAddress = refundAddress
    self.shortPolicy = shortPolicy
    self.overPolicy = overPolicy
    self.quote = quote
  }
}
