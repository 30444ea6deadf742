internal import Bytes
internal import ChainTypes
internal import Database
internal import HTTPServer
internal import JSON
internal import Payments
internal import Prices
internal import Settlement

// What a request for a payment asks for. The amount is named, or made of a price, or was promised
// by a quote.
extension PaymentGateway {
  private enum Due {
    case amount(UInt256)
    case price(Amount)
    case quote(Quote)
  }

  func request(
    in body: JSONRequestBody, tenant: String, now: Timestamp
  ) async throws -> PaymentRequest {
    let quote = try await quote(named: body.json["quote"], tenant: tenant, now: now)
    let (request, due) = try body.read { fields in
      try newPayment(&fields, tenant: tenant, quote: quote)
    }
    var wanted = request
    switch due {
    case .amount: break
    case .price(let price):
      guard let rates else {
        throw Problem.invalidField("price", "No prices are configured: name an amount.")
      }
      guard let asset = request.asset else { throw Problem.internal }
      let quoted = try await rates.quote(price, in: asset, now: now)
      wanted.amount = quoted.amount
      wanted.quote = quoted.quote
    case .quote(let quote): wanted.quote = quote.quoted
    }
    try checkLeast(wanted)
    return wanted
  }

  /// A price that comes to less than counts is told as such: the amount isn't the shop's.
  private func checkLeast(_ wanted: PaymentRequest) throws {
    guard wanted.quote != nil, let asset = wanted.asset,
      let least = service.spec(wanted.chain)?.listed(asset)?.dustLimit, wanted.amount < least
    else { return }
    throw Problem.invalidField(
      "price.amount",
      "It comes to \(Amount(minorUnits: wanted.amount, asset: asset)); the least is "
        + "\(Amount(minorUnits: least, asset: asset)).")
  }

  private func quote(
    named json: JSONValue?, tenant: String, now: Timestamp
  ) async throws -> Quote? {
    guard let json, json != .null else { return nil }
    guard let id = json.string, (1...64).contains(id.utf8.count) else {
      throw Problem.invalidField("quote", "It must be a quote's id, quo_….")
    }
    return try await database.read(as: tenant) {
      try QuoteRecords.usable(id, tenant: tenant, now: now, in: $0)
    }
  }

  private func newPayment(
    _ fields: inout JSONFields, tenant: String, quote: Quote?
  ) throws -> (PaymentRequest, Due) {
    let (spec, asset) = try asset(&fields, quote)
    let order = try fields.string("order_id", length: 1...PaymentService.maximumOrderIDBytes)
    let due = try due(&fields, in: asset, quote)
    let tolerance = try fields.optionalString("tolerance", length: 1...120)
    let expiry = try fields.optionalInteger("expires_in", in: .min ... .max)
    let metadata = try fields.optionalFreeObject(
      "metadata", byteLimit: PaymentService.maximumMetadataBytes)
    let amount: UInt256 =
      switch due {
      case .amount(let amount): amount
      case .price: .zero
      case .quote(let quote): quote.amount
      }
    return (
      try PaymentRequest(
        tenant: tenant, orderID: order, chain: spec.name, asset: asset, amount: amount,
        expiresInSeconds: expiry,
        tolerance: tolerance.map { try Problem.minorUnits("tolerance", $0, of: asset) },
        metadata: metadata?.json, refundAddress: refundAddress(&fields, asset: asset, on: spec)),
      due
    )
  }

  /// Chain and asset; those of a quote need no word, and none that says otherwise.
  private func asset(
    _ fields: inout JSONFields, _ quote: Quote?
  ) throws -> (spec: ChainSpec, asset: Asset) {
    guard let quote else { return try PriceFields.asset(&fields, payments: service) }
    for (name, value) in [("chain", quote.chain.text), ("asset", quote.asset.symbol)] {
      let named = try fields.optionalString(name, length: 1...40)
      guard named == nil || named == value else {
        throw Problem.invalidField(name, "The quote is for \(value).")
      }
    }
    guard let spec = service.spec(quote.chain), spec.listed(quote.asset) != nil else {
      throw Problem.invalidField("quote", "Its chain or asset isn't configured any more.")
    }
    return (spec, quote.asset)
  }

  private func due(
    _ fields: inout JSONFields, in asset: Asset, _ quote: Quote?
  ) throws -> Due {
    let amount = try fields.optionalString("amount", length: 1...120)
    let price = fields.optional("price")
    _ = fields.optional("quote")
    let named = [("amount", amount != nil), ("price", price != nil), ("quote", quote != nil)]
      .filter(\.1).map(\.0)
    guard named.count <= 1 else {
      throw Problem.invalidField(
        named[named.count - 1], "One of amount, price and quote says what is due.")
    }
    if let quote { return .quote(quote) }
    guard let price else {
      guard let amount else {
        throw Problem.invalidField("amount", "It is required, or else a price or a quote.")
      }
      return .amount(try Problem.minorUnits("amount", amount, of: asset))
    }
    return .price(
      try JSONFields.read(price, path: "price") {
        try PriceFields.price(&$0, payments: service)
      })
  }
}
