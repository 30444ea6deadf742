package import Bytes
package import ChainTypes
package import Payments

/// What a shop asks for.
package struct PaymentRequest: Sendable, Equatable {
  package var tenant: String
  package var orderID: String
  package var chain: ChainName
  /// One that the chain lists; nil for its own coin.
  package var asset: Asset?
  package var amount: UInt256
  package var expiresInSeconds: Int64?
  package var tolerance: UInt256?
  /// A JSON object that is given back as it is.
  package var metadata: String?
  /// Where refunds are to go.
  package var refundAddress: String?
  /// The price that the amount was made of.
  package var quote: PaymentQuote?

  package init(
    tenant: String, orderID: String, chain: ChainName, asset: Asset? = nil, amount: UInt256,
    expiresInSeconds: Int64? = nil, tolerance: UInt256? = nil, metadata: String? = nil,
    refundAddress: String? = nil, quote: PaymentQuote? = nil
  ) {
    self.tenant = tenant
    self.orderID = orderID
    self.chain = chain
    self.asset = asset
    self.amount = amount
    self.expiresInSeconds = expiresInSeconds
    self.tolerance = tolerance
    self.metadata = metadata
    self.refundAddress = refundAddress
    self.quote = quote
  }
}

/// Why a payment can't be made or changed. Nothing was written.
package enum PaymentRefusal: Error, Equatable {
  /// The payment has no transfer in this transaction.
  case unknownTransaction(Hash32)
  case unknownChain(String)
  /// The chain doesn't list it.
  case unknownAsset(String, chain: String)
  /// The chain is watched, but its blocks can't be proved: nothing on it counts.
  case chainNotCredited(String)
  /// The tenant has been taken out of the configuration; what it has stays readable.
  case tenantNotConfigured(String)
  case chainHalted(String, reason: String)
  /// No address is ready: none left, or not all watchers watch the new ones yet.
  case noAddressReady(chain: String)
  case invalidOrderID
  case amountTooSmall(minimum: UInt256)
  case amountTooLarge(maximum: UInt256)
  /// More than may be credited on the strength of what proves the chain's blocks.
  case aboveCreditLimit(maximum: UInt256)
  case toleranceTooLarge
  case expiryOutOfRange(ClosedRange<Int64>)
  /// The quote of which it was to be made holds no longer.
  case quoteExpired(Timestamp)
  case metadataTooLong(maximumBytes: Int)
  case invalidMetadata
  /// Another payment for this order hasn't ended.
  case orderHasPayment(String)
  case notFound(String)
}

extension PaymentRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownTransaction: "the payment has no transfer in that transaction"
    case .unknownChain(let chain): "the configuration has no chain \(chain)"
    case .unknownAsset(let asset, let chain): "\(chain) doesn't list \(asset)"
    case .chainNotCredited(let chain): "nothing on \(chain) is credited"
    case .tenantNotConfigured(let tenant): "\(tenant) isn't configured any more"
    case .chainHalted(let chain, let reason): "\(chain) is halted: \(reason)"
    case .noAddressReady(let chain): "no address of \(chain) is ready"
    case .invalidOrderID: "the order's id can't be used"
    case .amountTooSmall(let minimum): "the least is \(minimum.decimal) minor units"
    case .amountTooLarge(let maximum): "the most is \(maximum.decimal) minor units"
    case .aboveCreditLimit(let maximum):
      "the chain's nodes aren't trusted with more than \(maximum.decimal) minor units"
    case .toleranceTooLarge: "the tolerance isn't below the amount"
    case .expiryOutOfRange(let range):
      "a payment expires after \(range.lowerBound) to \(range.upperBound) seconds"
    case .quoteExpired(let time): "the quote could be used until \(time)"
    case .metadataTooLong(let bytes): "metadata has at most \(bytes) bytes"
    case .invalidMetadata: "metadata isn't a JSON object"
    case .orderHasPayment(let id): "the order has the payment \(id), which hasn't ended"
    case .notFound(let id): "there is no payment \(id)"
    }
  }
}
