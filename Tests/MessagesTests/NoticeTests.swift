import Bytes
import Foundation
import JSON
import Messages
import Testing

@Suite("What events tell customers")
struct NoticeTests {
  private static func order(_ more: String = "") throws -> JSONValue {
    try JSONValue(
      parsing: Array(
        """
        {"id":"ord_1","location":"old town","currency":"USD","total":"15.30","status":"x"\(more),
         "items":[{"product":"fw","name":"Flat white","quantity":3},{"product":"tea","quantity":1}]}
        """.utf8))
  }

  private static let payment = """
    {"order_id":"ord_1","asset":"USDC","chain":"ethereum","address":"0xA","amount":"12.500000",
     "due_minor":"12500000","received_minor":"2500000","shortfall_minor":"10000000",
     "overpaid_by_minor":"0","expires_at":"2026-11-22T14:30:00.000Z"}
    """

  private func notice(_ type: String, _ more: String = "") throws -> Notice? {
    try Notice(orderEvent: type, data: Self.order(more)) { $0 == "USD" }
  }

  @Test("an order's events tell its customer")
  func orders() throws {
    let news = OrderNews(
      order: "ord_1", location: "old town",
      items: [.init(name: "Flat white", quantity: 3), .init(name: "tea", quantity: 1)],
      moreItems: 0, total: Samples.money(1_530, "USD", 2))
    #expect(try notice("order.confirmed") == .confirmed(news))
    #expect(try notice("order.preparing") == .preparing(news))
    #expect(try notice("order.ready") == .ready(news))
    #expect(try notice("order.completed") == .completed(news))
    #expect(
      try notice(
        "order.canceled", #","cancellation":{"by":"x","reason":"out_of_stock","note":"n"}"#)
        == .canceled(news, .init(cause: .outOfStock)))
    #expect(
      try notice("order.canceled", #","cancellation":{"by":"x","reason":"requested","note":"n"}"#)
        == .canceled(news, .init(cause: .requested, note: "n")))
    #expect(
      try notice("order.canceled", #","cancellation":{"by":"x","reason":"of a later version"}"#)
        == .canceled(news, .init(cause: .requested)))
    #expect(
      try notice(
        "order.updated",
        #","from":"ready","to":"held","attention":"stock_missing"}"#.dropLast().description)
        == .held(news, .stockMissing))
    // Who was told that it waits is told that it goes on.
    #expect(try notice("order.updated", #","from":"held","to":"confirmed""#) == .confirmed(news))
    #expect(try notice("order.updated", #","from":"held","to":"preparing""#) == .preparing(news))
    #expect(try notice("order.updated", #","from":"held","to":"ready""#) == .ready(news))
  }

  @Test(
    "what changes nothing for the customer, or was told by another event, tells nothing",
    arguments: [
      ("order.created", ""), ("order.updated", ""), ("order.claimed", ""),
      ("order.updated", #","from":"held","to":"held","attention":"stock_missing""#),
      ("order.updated", #","from":"ready","to":"ready""#),
      ("order.canceled", #","cancellation":{"by":"payments","reason":"payment_expired"}"#),
    ])
  func nothing(type: String, more: String) throws {
    #expect(try notice(type, more) == nil)
  }

  @Test("payments' and refunds' events tell the order's customer")
  func payments() throws {
    let data = try JSONValue(parsing: Array(Self.payment.utf8))
    for (type, word) in [
      ("payment.created", "paymentRequested"), ("payment.partially_paid", "partiallyPaid"),
      ("payment.late", "late"), ("payment.overpaid", "overpaid"), ("payment.expired", "expired"),
      ("payment.expired_partial", "expired"),
    ] {
      let notice = try #require(try Notice(paymentEvent: type, data: data))
      #expect("\(notice)".hasPrefix(word))
      #expect(notice.topic == .payment && notice.order == "ord_1")
    }
    #expect(try Notice(paymentEvent: "payment.paid", data: data) == nil)
    guard
      case .partiallyPaid(let news) = try Notice(
        paymentEvent: "payment.partially_paid", data: data)
    else {
      Issue.record("no news")
      return
    }
    #expect(news.missing == Samples.money(10_000_000, "USDC", 6))
    #expect(news.received == Samples.money(2_500_000, "USDC", 6))
    let refund = try JSONValue(
      parsing: Array(#"{"asset":"BTC","amount":"0.10000000","chain":"c","address":"a"}"#.utf8))
    let sent = try Notice(refundEvent: "refund.broadcast", data: refund, order: "ord_1")
    #expect(sent?.topic == .refund && sent?.order == "ord_1")
    #expect(try Notice(refundEvent: "refund.final", data: refund, order: "o") != sent)
    #expect(try Notice(refundEvent: "refund.built", data: refund, order: "o") == nil)
  }

  @Test("data that isn't an event's is an error, and no trap")
  func mistaken() throws {
    for type in Notice.eventTypes where type != "order.updated" {
      for text in ["{}", "[]", "null", #"{"id":7,"total":"x","amount":"-1","order_id":"o"}"#] {
        let data = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: NoticeError(type: type)) {
          switch type.prefix(5) {
          case "order": _ = try Notice(orderEvent: type, data: data) { _ in false }
          case "payme": _ = try Notice(paymentEvent: type, data: data)
          default: _ = try Notice(refundEvent: type, data: data, order: "o")
          }
        }
      }
    }
  }

  @Test("a notice is kept as JSON and read again, bounded however large its order")
  func coding() throws {
    for words in Samples.hostile {
      for notice in Samples.notices(words) {
        let data = try JSONEncoder().encode(notice)
        #expect(try JSONDecoder().decode(Notice.self, from: data) == notice)
      }
    }
    let item = #"{"product":"p","quantity":1}"#
    let items = Array(repeating: item, count: 100).joined(separator: ",")
    let data = try JSONValue(
      parsing: Array(
        #"{"id":"o","location":"l","currency":"USD","total":"1.00","items":[\#(items)]}"#.utf8))
    guard
      case .ready(let news) = try Notice(
        orderEvent: "order.ready", data: data, isCurrency: { _ in true })
    else {
      Issue.record("no news")
      return
    }
    #expect(news.items.count == 20 && news.moreItems == 80)
  }
}
