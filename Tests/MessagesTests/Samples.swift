import Bytes
import ChainTypes
import Messages

/// One notice of each kind, with words of others' in all places where they can stand.
enum Samples {
  /// What a shop's name, goods, notes and codes may be made of to do harm.
  static let hostile = [
    "Café\r\nBcc: everybody@example.com\r\n\r\nbody", "a\nb\u{0}c\u{1b}[2Jd\u{7f}\u{85}",
    "\u{202e}drowssap\u{202c} \u{2066}x\u{2069}\u{200f}\u{61c}",
    "x\u{2028}y\u{2029}z\u{feff}\u{ad}",
    String(repeating: "long ", count: 5_000), "e" + String(repeating: "\u{301}", count: 5_000),
    "=?UTF-8?B?Zm9v?=", "\u{e000}\u{fffe}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", ".", "",
    "\u{5e7}\u{5e4}\u{5d4} 12", "%s {0} \\(x) <script>alert(1)</script>", "\u{e0001}\u{e0041}tag",
  ]

  static func money(_ minorUnits: UInt256, _ symbol: String, _ decimals: UInt8) -> Money {
    Money(
      Amount(minorUnits: minorUnits, asset: Asset(symbol: symbol, decimals: decimals)),
      isCurrency: symbol.count == 3 && symbol != "BTC" && symbol != "ETH")
  }

  static func order(_ words: String) -> OrderNews {
    OrderNews(
      order: "ord_1", location: words, items: [.init(name: words, quantity: 2)], moreItems: 3,
      total: money(900, "USD", 2))
  }

  static func payment(_ words: String, received: UInt256 = 0) -> PaymentNews {
    PaymentNews(
      order: "ord_1", amount: money(150_000, "BTC", 8), received: money(received, "BTC", 8),
      missing: money(50_000, "BTC", 8), excess: money(20_000, "BTC", 8), chain: words,
      address: words, expiresAt: Timestamp(seconds: 1_795_354_207))
  }

  static func notices(_ words: String) -> [Notice] {
    let refund = RefundNews(
      order: "ord_1", amount: money(20_000, "BTC", 8), chain: words, address: words, txid: words)
    return [
      .confirmed(order(words)), .preparing(order(words)), .ready(order(words)),
      .completed(order(words)), .paymentRequested(payment(words)),
      .partiallyPaid(payment(words, received: 100_000)), .late(payment(words, received: 1)),
      .overpaid(payment(words, received: 170_000)), .expired(payment(words)),
      .expired(payment(words, received: 5)), .refundSent(refund), .refundFinal(refund),
    ] + Notice.Hold.allCases.map { .held(order(words), $0) }
      + Notice.Cancellation.Cause.allCases.map {
        .canceled(order(words), .init(cause: $0, note: words))
      }
  }
}
