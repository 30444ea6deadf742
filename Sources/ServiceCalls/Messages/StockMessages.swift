internal import ChainTypes
internal import Supply
internal import SwiftProtobuf

// What is asked of supply, and its answers, as messages of `paywatch.supply.v1`.

/// How many products one request may name: more than fit the body of a request for an order.
private let lineLimit = 4_096

extension ReserveStock {
  init(_ message: Paywatch_Supply_V1_ReserveRequest) throws(CallFieldError) {
    guard message.lines.count <= lineLimit else {
      throw CallFieldError(
        field: "lines", message: "at most \(lineLimit), not \(message.lines.count)")
    }
    var products: Set<[String?]> = []
    var lines: [StockLine] = []
    for (index, line) in message.lines.enumerated() {
      let product = try CallField.text(
        "lines[\(index)].product", line.product, bytes: CallField.wordBytes)
      let unit =
        try line.hasUnit
        ? CallField.text("lines[\(index)].unit", line.unit, bytes: SupplyItem.unitBytes) : nil
      guard products.insert([product, unit]).inserted else {
        throw CallFieldError(
          field: "lines[\(index)].product", message: "it stands in another line already")
      }
      lines.append(
        StockLine(
          product: product,
          quantity: try CallField.integer(
            "lines[\(index)].quantity", line.quantity, in: 1...SupplyItem.maximumQuantity),
          unit: unit))
    }
    self.init(
      tenant: try CallField.text("tenant", message.tenant, bytes: CallField.idBytes),
      order: try CallField.text("order", message.order, bytes: CallField.idBytes),
      location: try CallField.text("location", message.location, bytes: CallField.wordBytes),
      revision: try CallField.integer("revision", message.revision, in: 1...Int64.max),
      lines: lines,
      until: try message.hasUntilMicroseconds
        ? CallField.moment("until_microseconds", microseconds: message.untilMicroseconds) : nil)
  }

  var message: Paywatch_Supply_V1_ReserveRequest {
    .with {
      $0.tenant = tenant
      $0.order = order
      $0.location = location
      $0.revision = revision
      $0.lines = lines.map { line in
        .with {
          $0.product = line.product
          $0.quantity = line.quantity
          if let unit = line.unit { $0.unit = unit }
        }
      }
      if let until { $0.untilMicroseconds = until.microseconds }
    }
  }
}

extension ReserveStockReply {
  init(_ message: Paywatch_Supply_V1_ReserveReply) throws(CallFieldError) {
    switch message.outcome {
    case .reserved: self = .reserved
    case .overtaken: self = .overtaken
    case .insufficient(let insufficient):
      guard insufficient.shortages.count <= lineLimit else {
        throw CallFieldError(
          field: "insufficient.shortages", message: "at most \(lineLimit)")
      }
      var shortages: [StockShortage] = []
      for shortage in insufficient.shortages {
        shortages.append(try StockShortage(shortage))
      }
      self = .insufficient(shortages)
    case nil: throw CallFieldError(field: "outcome", message: "it is missing")
    }
  }

  var message: Paywatch_Supply_V1_ReserveReply {
    .with {
      switch self {
      case .reserved: $0.reserved = .init()
      case .overtaken: $0.overtaken = .init()
      case .insufficient(let shortages):
        $0.insufficient = .with {
          $0.shortages = shortages.map { shortage in
            .with {
              $0.product = shortage.product
              $0.wanted = shortage.wanted
              $0.available = shortage.available
              if let unit = shortage.unit { $0.unit = unit }
            }
          }
        }
      }
    }
  }
}

extension StockShortage {
  fileprivate init(
    _ message: Paywatch_Supply_V1_ReserveReply.Shortage
  ) throws(CallFieldError) {
    self.init(
      product: try CallField.text("product", message.product, bytes: CallField.wordBytes),
      wanted: try CallField.integer("wanted", message.wanted, in: 0...Int64.max),
      available: try CallField.integer("available", message.available, in: 0...Int64.max),
      unit: try message.hasUnit
        ? CallField.text("unit", message.unit, bytes: SupplyItem.unitBytes) : nil)
  }
}

extension ConsumeStock {
  init(_ message: Paywatch_Supply_V1_ConsumeRequest) throws(CallFieldError) {
    self.init(
      tenant: try CallField.text("tenant", message.tenant, bytes: CallField.idBytes),
      order: try CallField.text("order", message.order, bytes: CallField.idBytes))
  }

  var message: Paywatch_Supply_V1_ConsumeRequest {
    .with {
      $0.tenant = tenant
      $0.order = order
    }
  }
}

extension ConsumeStockReply {
  init(_ message: Paywatch_Supply_V1_ConsumeReply) throws(CallFieldError) {
    switch message.outcome {
    case .consumed: self = .consumed
    case .notHeld: self = .notHeld
    case nil: throw CallFieldError(field: "outcome", message: "it is missing")
    }
  }

  var message: Paywatch_Supply_V1_ConsumeReply {
    .with {
      switch self {
      case .consumed: $0.consumed = .init()
      case .notHeld: $0.notHeld = .init()
      }
    }
  }
}

extension ReleaseStock {
  init(_ message: Paywatch_Supply_V1_ReleaseRequest) throws(CallFieldError) {
    self.init(
      tenant: try CallField.text("tenant", message.tenant, bytes: CallField.idBytes),
      order: try CallField.text("order", message.order, bytes: CallField.idBytes),
      revision: try CallField.integer("revision", message.revision, in: 1...Int64.max))
  }

  var message: Paywatch_Supply_V1_ReleaseRequest {
    .with {
      $0.tenant = tenant
      $0.order = order
      $0.revision = revision
    }
  }
}
