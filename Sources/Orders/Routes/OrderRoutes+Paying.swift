internal import Bytes
internal import ChainTypes
internal import HTTPServer
internal import HTTPTypes
internal import JSON
internal import Payments
internal import Prices
internal import Settlement

// How an order is paid: in its own asset by the total, in another by what is named or, where
// nothing is, by what the total comes to at the current rate.
extension OrderRoutes {
  /// What a customer says of it.
  struct WantedChoice: Equatable, Sendable {
    let chain: ChainName
    let asset: Asset
    let due: Due
    let expiresInSeconds: Int64?
    let refundAddress: String?

    enum Due: Equatable, Sendable {
      case amount(UInt256)
      /// The total, in another currency.
      case price(Amount)
    }

    /// Whether it needs a rate.
    var isPriced: Bool { if case .price = due { true } else { false } }

    /// The choice at this rate, which a priced one needs.
    func made(at rate: QuotedRate?, now: Timestamp) throws -> PaymentChoice {
      switch due {
      case .amount(let amount):
        return PaymentChoice(
          chain: chain, asset: asset, amount: amount, expiresInSeconds: expiresInSeconds,
          refundAddress: refundAddress)
      case .price(let price):
        guard let rate else { throw Problem.internal }
        let quoted = try Problem.ofRates {
          try rate.current.quote(
            price, in: asset, lifetimeSeconds: rate.lifetimeSeconds, now: now)
        }
        return PaymentChoice(
          chain: chain, asset: asset, amount: quoted.amount, expiresInSeconds: expiresInSeconds,
          refundAddress: refundAddress, quote: quoted.quote)
      }
    }

    /// Whether a choice that was made is what this asks for: then it stays as it was quoted.
    func isAsked(by choice: PaymentChoice) -> Bool {
      guard chain == choice.chain, asset == choice.asset,
        expiresInSeconds == choice.expiresInSeconds, refundAddress == choice.refundAddress
      else { return false }
      switch due {
      case .amount(let amount): return choice.quote == nil && choice.amount == amount
      case .price(let price):
        return choice.quote?.price == price.minorUnits
          && choice.quote?.currency.symbol == price.asset.symbol
      }
    }
  }

  /// A rate that may be used, and for how long what it quotes holds.
  struct QuotedRate: Sendable {
    let current: CurrentRate
    let lifetimeSeconds: Int64
  }

  /// - Parameters:
  ///   - mayName: whether who asks may say how much of another asset the total is
  ///   - longest: for how many seconds at most who asks may have stock set aside; nil where as long
  ///     as any payment may be open
  func choice(
    _ fields: inout JSONFields, total: UInt256, currency: Asset, mayName: Bool,
    longest: Int64? = nil
  ) throws -> WantedChoice {
    let chain = ChainName(try fields.string("chain", length: 1...40))
    guard let chain, let spec = payments.spec(chain) else {
      throw Problem.invalidField(
        fields.name("chain"),
        "It must be one of \(payments.chains.map(\.text).joined(separator: ", ")).")
    }
    guard let asset = spec.listed(try fields.string("asset", length: 1...20))?.asset else {
      let known = spec.assets.map(\.asset.symbol).joined(separator: ", ")
      throw Problem.invalidField(fields.name("asset"), "\(chain) is paid in \(known).")
    }
    let due = try due(
      &fields, total: Amount(minorUnits: total, asset: currency), in: asset, mayName: mayName)
    let expiry = try expiry(&fields, due, longest: longest)
    let refund = try fields.optionalString("refund_address", length: Self.amountBytes)
    do {
      return WantedChoice(
        chain: chain, asset: asset, due: due, expiresInSeconds: expiry,
        refundAddress: try refund.map {
          try RefundService.checked(address: $0, asset: asset, on: spec)
        })
    } catch RefundRefusal.invalidAddress(let reason) {
      throw Problem.invalidField(
        fields.name("refund_address"), "Nothing can be sent back there: \(reason).")
    }
  }

  private func due(
    _ fields: inout JSONFields, total: Amount, in asset: Asset, mayName: Bool
  ) throws -> WantedChoice.Due {
    let (name, currency) = (fields.name("amount"), total.asset)
    let text = try fields.optionalString("amount", length: Self.amountBytes)
    let named = try text.map { try Problem.minorUnits(name, $0, of: asset) }
    if asset.symbol == currency.symbol, asset.decimals == currency.decimals {
      if let named, named != total.minorUnits {
        throw Problem.invalidField(name, "The order comes to \(total).")
      }
      return .amount(total.minorUnits)
    }
    if let named {
      guard mayName else {
        throw Problem.invalidField(
          name, "The order is priced in \(currency): leave it out, and it is worked out.")
      }
      return .amount(named)
    }
    guard let rates, (try? rates.pair(of: asset, in: currency.symbol)) != nil else {
      let rateless = "The order is priced in \(currency), and there is no rate of \(asset) in it"
      guard mayName else { throw Problem.invalidField(fields.name("asset"), "\(rateless).") }
      throw Problem.invalidField(name, "It is required. \(rateless).")
    }
    return .price(total)
  }

  /// What is quoted holds no longer than its lifetime.
  private func expiry(
    _ fields: inout JSONFields, _ due: WantedChoice.Due, longest: Int64?
  ) throws -> Int64? {
    let range = OrderService.expirySecondsRange
    let expiry = try fields.optionalInteger(
      "expires_in", in: range.lowerBound...(longest ?? range.upperBound))
    guard case .price = due, let expiry, let rates, expiry > rates.quoteLifetimeSeconds else {
      return expiry
    }
    throw Problem.invalidField(
      fields.name("expires_in"),
      "It must be at most \(rates.quoteLifetimeSeconds): so long the price holds.")
  }

  /// The rate that a priced choice needs; nil for others.
  func rate(for choice: WantedChoice, in currency: Asset) async throws -> QuotedRate? {
    guard choice.isPriced, let rates else { return nil }
    return try await Problem.ofRates {
      let pair = try rates.pair(of: choice.asset, in: currency.symbol)
      return QuotedRate(
        current: try await rates.rate(of: pair), lifetimeSeconds: rates.quoteLifetimeSeconds)
    }
  }
}

extension Problem {
  /// Runs `body`, and turns what rates refuse into problems.
  fileprivate static func ofRates<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let refusal as RateRefusal {
      throw Problem(refusal, price: "items", currency: "currency")
    }
  }

  fileprivate static func ofRates<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as RateRefusal {
      throw Problem(refusal, price: "items", currency: "currency")
    }
  }
}
