internal import Bytes
internal import ChainTypes
internal import Orders
internal import Payments
internal import SwiftProtobuf

// What is asked of payments, and their answers, as messages of `paywatch.payments.v1`.

extension RequestPayment {
  init(_ message: Paywatch_Payments_V1_RequestPaymentRequest) throws(CallFieldError) {
    guard message.hasChoice else {
      throw CallFieldError(field: "choice", message: "it is missing")
    }
    self.init(
      tenant: try CallField.text("tenant", message.tenant, bytes: CallField.idBytes),
      order: try CallField.text("order", message.order, bytes: CallField.idBytes),
      choice: try PaymentChoice(message.choice))
  }

  var message: Paywatch_Payments_V1_RequestPaymentRequest {
    .with {
      $0.tenant = tenant
      $0.order = order
      $0.choice = choice.message
    }
  }
}

extension PaymentChoice {
  fileprivate init(
    _ message: Paywatch_Payments_V1_PaymentChoice
  ) throws(CallFieldError) {
    guard let chain = ChainName(message.chain) else {
      throw CallFieldError(
        field: "choice.chain", message: "a network's name: 1 to 40 of a–z, 0–9 and -")
    }
    guard message.hasAsset else {
      throw CallFieldError(field: "choice.asset", message: "it is missing")
    }
    self.init(
      chain: chain, asset: try Asset(message.asset, "choice.asset"),
      amount: try CallField.amount("choice.amount_minor", message.amountMinor),
      expiresInSeconds: try message.hasExpiresInSeconds
        ? CallField.integer(
          "choice.expires_in_seconds", message.expiresInSeconds, in: 1...Int64(UInt32.max))
        : nil,
      refundAddress: try message.hasRefundAddress
        ? CallField.text(
          "choice.refund_address", message.refundAddress, bytes: CallField.wordBytes)
        : nil,
      quote: try message.hasQuote ? PaymentQuote(message.quote) : nil)
  }

  fileprivate var message: Paywatch_Payments_V1_PaymentChoice {
    .with {
      $0.chain = chain.text
      $0.asset = asset.message
      $0.amountMinor = amount.decimal
      if let expiresInSeconds { $0.expiresInSeconds = expiresInSeconds }
      if let refundAddress { $0.refundAddress = refundAddress }
      if let quote { $0.quote = quote.message }
    }
  }
}

extension Asset {
  private static let symbolBytes = 1...20

  init(_ message: Paywatch_Payments_V1_Asset, _ field: String) throws(CallFieldError) {
    guard let decimals = UInt8(exactly: message.decimals) else {
      throw CallFieldError(
        field: "\(field).decimals", message: "0 to 255, not \(message.decimals)")
    }
    var contract: Hash20?
    if message.hasContract {
      contract = try? Hash20(hex: message.contract.dropFirst(2))
      guard contract != nil, message.contract.hasPrefix("0x") else {
        throw CallFieldError(
          field: "\(field).contract", message: "0x and 40 hexadecimal digits")
      }
    }
    self.init(
      symbol: try CallField.text(
        "\(field).symbol", message.symbol, bytes: Self.symbolBytes),
      decimals: decimals, contract: contract)
  }

  var message: Paywatch_Payments_V1_Asset {
    .with {
      $0.symbol = symbol
      $0.decimals = UInt32(decimals)
      if let contract { $0.contract = "0x\(contract.hex)" }
    }
  }
}

extension RequestPaymentReply {
  init(_ message: Paywatch_Payments_V1_RequestPaymentReply) throws(CallFieldError) {
    switch message.outcome {
    case .requested(let requested): self = .requested(try RequestedPayment(requested))
    case .refused(let refused): self = .refused(reason: try Self.reason(refused.reason))
    case .unavailable(let refusal): self = .unavailable(reason: try Self.reason(refusal.reason))
    case nil: throw CallFieldError(field: "outcome", message: "it is missing")
    }
  }

  private static func reason(_ text: String) throws(CallFieldError) -> String {
    try CallField.text("reason", text, bytes: 0...CallField.reasonBytes)
  }

  var message: Paywatch_Payments_V1_RequestPaymentReply {
    .with {
      switch self {
      case .requested(let payment): $0.requested = payment.message
      case .refused(let reason): $0.refused = .with { $0.reason = CallField.reason(reason) }
      case .unavailable(let reason):
        $0.unavailable = .with { $0.reason = CallField.reason(reason) }
      }
    }
  }
}

extension RequestedPayment {
  fileprivate init(
    _ message: Paywatch_Payments_V1_RequestPaymentReply.Requested
  ) throws(CallFieldError) {
    self.init(
      id: try CallField.text("requested.id", message.id, bytes: CallField.idBytes),
      address: try CallField.text(
        "requested.address", message.address, bytes: CallField.wordBytes),
      uri: try CallField.text("requested.uri", message.uri, bytes: CallField.uriBytes),
      expiresAt: try CallField.moment(
        "requested.expires_at_microseconds", microseconds: message.expiresAtMicroseconds))
  }

  fileprivate var message: Paywatch_Payments_V1_RequestPaymentReply.Requested {
    .with {
      $0.id = id
      $0.address = address
      $0.uri = uri
      $0.expiresAtMicroseconds = expiresAt.microseconds
    }
  }
}

extension WithdrawPayment {
  init(_ message: Paywatch_Payments_V1_WithdrawPaymentRequest) throws(CallFieldError) {
    self.init(
      tenant: try CallField.text("tenant", message.tenant, bytes: CallField.idBytes),
      order: try CallField.text("order", message.order, bytes: CallField.idBytes),
      payment: try CallField.text("payment", message.payment, bytes: CallField.idBytes))
  }

  var message: Paywatch_Payments_V1_WithdrawPaymentRequest {
    .with {
      $0.tenant = tenant
      $0.order = order
      $0.payment = payment
    }
  }
}
