internal import Bytes
internal import ChainTypes
package import HTTPServer
internal import HTTPTypes
internal import JSON
internal import Settlement
internal import Supply

// What the routes of orders take.
extension OrderRoutes {
  /// Names of customers, locations and products, as UTF-8.
  static let wordBytes = 1...128
  static let noteBytes = 1...500
  static let amountBytes = 1...120

  /// A new order, and how it is to be paid.
  struct WantedOrder {
    let order: OrderService.NewOrder
    let choice: WantedChoice?

    func with(_ choice: PaymentChoice?) -> OrderService.NewOrder {
      var order = order
      order.payment = choice
      return order
    }
  }

  func newOrder(_ fields: inout JSONFields) throws -> WantedOrder {
    let customer = try fields.optionalString("customer", length: Self.wordBytes)
    let location = try fields.string("location", length: Self.wordBytes)
    let code = try fields.string("currency", length: 1...20)
    let payment = fields.optional("payment")
    let currency = try currency(code, paidOn: payment?["chain"]?.string)
    let items = try Self.items(&fields, in: currency)
    let expiry = try fields.optionalInteger("expires_in", in: OrderService.expirySecondsRange)
    let metadata = try fields.optionalFreeObject(
      "metadata", byteLimit: PaymentService.maximumMetadataBytes)
    let total = try Self.checkedTotal(of: items)
    let choice = try payment.map { json in
      try JSONFields.read(json, path: "payment") {
        try self.choice(&$0, total: total, currency: currency, mayName: true)
      }
    }
    return WantedOrder(
      order: OrderService.NewOrder(
        customer: customer, location: location, currency: currency, items: items,
        expiresInSeconds: expiry, metadata: metadata?.json),
      choice: choice)
  }

  /// A fiat currency, or an asset that a configured chain lists: the one that pays, where there is
  /// one already.
  private func currency(_ code: String, paidOn chain: String?) throws -> Asset {
    if let fiat = FiatCurrency.asset(code) { return fiat }
    let paying = chain.flatMap(ChainName.init).flatMap { payments.spec($0)?.name }
    for chain in paying.map({ [$0] }) ?? payments.chains {
      if let listed = payments.spec(chain)?.listed(code) { return listed.asset }
    }
    throw Problem.invalidField(
      "currency", "It must be an ISO 4217 code, or an asset that is listed on the chain.")
  }

  // MARK: Items

  static func items(_ fields: inout JSONFields, in currency: Asset) throws -> [OrderItem] {
    let values = try list(fields.required("items"), "items", 1...OrderItem.maximumItems)
    let items = try values.enumerated().map { place, json in
      try JSONFields.read(json, path: "items[\(place)]") { try item(&$0, in: currency) }
    }
    _ = try checkedTotal(of: items)
    return items
  }

  private static func checkedTotal(of items: [OrderItem]) throws -> UInt256 {
    do {
      _ = try OrderItem.stock(of: items)
      return try OrderItem.total(of: items)
    } catch {
      throw Problem(error)
    }
  }

  private static func item(_ fields: inout JSONFields, in currency: Asset) throws -> OrderItem {
    let product = try fields.string("product", length: wordBytes)
    let customizations = try list(
      fields.optional("customizations"), fields.name("customizations"),
      0...OrderItem.maximumCustomizations
    ).enumerated().map { place, json in
      try JSONFields.read(json, path: fields.name("customizations[\(place)]")) { extra in
        OrderItem.Customization(
          name: try extra.string("name", length: wordBytes),
          price: try price(&extra, "price", in: currency) ?? .zero,
          stock: try stock(&extra) ?? [])
      }
    }
    guard let unitPrice = try price(&fields, "unit_price", in: currency) else {
      throw Problem.invalidField(fields.name("unit_price"), "It is required.")
    }
    return OrderItem(
      product: product, name: try fields.optionalString("name", length: wordBytes),
      quantity: try fields.integer("quantity", in: 1...OrderItem.maximumQuantity),
      unitPrice: unitPrice, customizations: customizations,
      // A piece of itself, where nothing is said.
      stock: try stock(&fields) ?? [StockLine(product: product, quantity: 1)])
  }

  private static func price(
    _ fields: inout JSONFields, _ name: String, in currency: Asset
  ) throws -> UInt256? {
    guard let text = try fields.optionalString(name, length: amountBytes) else { return nil }
    return try Problem.minorUnits(fields.name(name), text, of: currency)
  }

  private static func stock(_ fields: inout JSONFields) throws -> [StockLine]? {
    guard let json = fields.optional("stock") else { return nil }
    let name = fields.name("stock")
    return try list(json, name, 0...OrderItem.maximumStockLines).enumerated().map { place, json in
      try JSONFields.read(json, path: "\(name)[\(place)]") { line in
        StockLine(
          product: try line.string("product", length: wordBytes),
          quantity: try line.integer("quantity", in: 1...SupplyItem.maximumQuantity),
          unit: try line.optionalString("unit", length: SupplyItem.unitBytes))
      }
    }
  }

  private static func list(
    _ json: JSONValue?, _ name: String, _ count: ClosedRange<Int>
  ) throws(Problem) -> [JSONValue] {
    guard let json else { return [] }
    guard let elements = json.elements else {
      throw .invalidField(name, "It must be an array.")
    }
    guard count.contains(elements.count) else {
      throw .invalidField(
        name, "It must have \(count.lowerBound) to \(count.upperBound) elements.")
    }
    return elements
  }
}

extension OrderRefusal: Refusal {
  package var problem: Problem { Problem(self) }
}

extension Problem {
  /// The problem that tells why an order wasn't placed or changed.
  init(_ refusal: OrderRefusal) {
    switch refusal {
    case .notFound(let id): self = .notFound("There is no order \(id.prefix(60)).")
    case .totalTooLarge: self = .invalidField("items", "Their total is too large.")
    case .tooMuch(let product):
      self = .invalidField("items", "They take more of \(product) than any stock holds.")
    case .notChangeable(let status):
      self = .conflict(
        "order-not-changeable", "The order can't be changed.",
        status == .pending ? "Its payment was asked for." : "It is \(status.rawValue).")
    case .notPayable(let status):
      self = .conflict(
        "order-not-payable", "The order takes no other payment.",
        status == .pending ? "Its payment was asked for." : "It is \(status.rawValue).")
    case .notCancelable(let status):
      self = .conflict(
        "order-not-cancelable", "The order can't be canceled.",
        status == .pending ? "Money is on its way." : "It is \(status.rawValue).")
    case .notPossible(let status, let next):
      let word =
        switch next {
        case .preparing: "prepare"
        case .completed: "complete"
        default: next.rawValue
        }
      self = .conflict(
        "order-not-\(word)", "The order isn't so far, or further.", "It is \(status.rawValue).")
    case .notResolvable(let status):
      self = .conflict(
        "order-not-resolvable", "The order doesn't wait for such a decision.",
        "It is \(status.rawValue).")
    case .otherTotal:
      self = .invalidField("items", "They must come to the same as what was paid for.")
    case .notForgettable(let status):
      self = .conflict(
        "order-not-forgettable", "The order goes on, or needs attention.",
        "It is \(status.rawValue).")
    // Facts that no client writes itself.
    case .notPlaced, .placedAlready, .hasPayment: self = .internal
    }
  }
}
