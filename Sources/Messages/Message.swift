internal import Bytes

/// What a customer reads.
package struct Message: Equatable, Sendable {
  /// One line.
  package let subject: String
  /// Lines, each ended by a line feed.
  package let text: String
  /// One short line.
  package let push: String
  /// Who tells it, fit for a heading.
  package let shop: String

  /// What isn't in the notice itself.
  package struct Setting: Sendable {
    let shop: String
    let claimCode: String?
    let unsubscribe: String?

    /// - Parameters:
    ///   - shop: who sells, in the shop's words
    ///   - claimCode: what an order that is ready is handed out for
    ///   - unsubscribe: the address of a page, or a mail address, where one ends these messages
    package init(shop: String, claimCode: String? = nil, unsubscribe: String? = nil) {
      self.shop = shop
      self.claimCode = claimCode
      self.unsubscribe = unsubscribe
    }
  }

  private static let shopScalars = 60
  private static let nameScalars = 80

  package init(_ notice: Notice, in setting: Setting, for reader: Reader) {
    let templates = reader.language.templates
    let shop = ForeignText.line(setting.shop, scalars: Self.shopScalars)
    self.shop = shop
    let wording = templates.wording(of: notice, shop: shop, for: reader)
    var list = List(labels: templates.labels)
    list.add(templates.labels.order, ForeignText.line(notice.order, scalars: Self.nameScalars))
    list.describe(notice, code: setting.claimCode, for: reader)
    subject = wording.subject
    push = wording.push
    var text = "\(wording.text)\n\n\(list.lines.joined(separator: "\n"))\n\n-- \n\(shop)\n"
    if let unsubscribe = setting.unsubscribe {
      let place = ForeignText.line(unsubscribe, scalars: 300)
      text += "\(templates.labels.unsubscribe(place))\n"
    }
    self.text = text
  }

  /// The lines below the sentences: labels and values.
  private struct List {
    let labels: Templates.Labels
    var lines: [String] = []

    init(labels: Templates.Labels) { self.labels = labels }

    mutating func add(_ label: String, _ value: String) {
      lines.append("\(label)\(labels.colon)\(value)")
    }

    mutating func describe(_ notice: Notice, code: String?, for reader: Reader) {
      switch notice {
      case .confirmed(let news), .preparing(let news), .completed(let news), .held(let news, _):
        add(news, for: reader)
      case .ready(let news):
        add(labels.location, ForeignText.line(news.location, scalars: nameScalars))
        if let code { add(labels.code, ForeignText.line(code, scalars: nameScalars)) }
        add(news, for: reader)
      case .canceled(let news, let cancellation):
        if let note = cancellation.note {
          add(labels.note, ForeignText.line(note, scalars: 500))
        }
        add(news, for: reader)
      case .paymentRequested(let news), .partiallyPaid(let news):
        let isFirst = if case .paymentRequested = notice { true } else { false }
        add(labels.amount, reader.text(isFirst ? news.amount : news.missing))
        add(labels.network, ForeignText.line(news.chain, scalars: nameScalars))
        add(labels.address, ForeignText.line(news.address, scalars: 120))
        add(labels.until, reader.text(news.expiresAt))
      case .late(let news), .overpaid(let news), .expired(let news):
        add(labels.amount, reader.text(news.amount))
        add(labels.network, ForeignText.line(news.chain, scalars: nameScalars))
      case .refundSent(let news), .refundFinal(let news):
        add(labels.amount, reader.text(news.amount))
        add(labels.network, ForeignText.line(news.chain, scalars: nameScalars))
        add(labels.address, ForeignText.line(news.address, scalars: 120))
        if let txid = news.txid {
          add(labels.transaction, ForeignText.line(txid, scalars: 120))
        }
      }
    }

    private mutating func add(_ news: OrderNews, for reader: Reader) {
      for item in news.items {
        lines.append("\(item.quantity) × \(ForeignText.line(item.name, scalars: nameScalars))")
      }
      if news.moreItems > 0 { lines.append(labels.more(news.moreItems)) }
      add(labels.total, reader.text(news.total))
    }
  }
}

extension Templates {
  fileprivate func wording(of notice: Notice, shop: String, for reader: Reader) -> Wording {
    let order = OrderWords(shop: shop)
    func payment(_ news: PaymentNews) -> PaymentWords {
      PaymentWords(
        shop: shop, amount: reader.text(news.amount), received: reader.text(news.received),
        missing: reader.text(news.missing), excess: reader.text(news.excess),
        until: reader.text(news.expiresAt), isUnpaid: news.received.minorUnits == .zero)
    }
    func refund(_ news: RefundNews) -> RefundWords {
      RefundWords(shop: shop, amount: reader.text(news.amount))
    }
    return switch notice {
    case .confirmed: confirmed(order)
    case .preparing: preparing(order)
    case .ready: ready(order)
    case .completed: completed(order)
    case .canceled(_, let cancellation): canceled(order, cancellation.cause)
    case .held(_, let hold): held(order, hold)
    case .paymentRequested(let news): paymentRequested(payment(news))
    case .partiallyPaid(let news): partiallyPaid(payment(news))
    case .late(let news): late(payment(news))
    case .overpaid(let news): overpaid(payment(news))
    case .expired(let news): expired(payment(news))
    case .refundSent(let news): refundSent(refund(news))
    case .refundFinal(let news): refundFinal(refund(news))
    }
  }
}
