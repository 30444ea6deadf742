internal import Bytes

/// How somebody wants to be told what becomes of their order.
struct NewsWishes {
  let byMail: Bool
  let byPush: Bool
  /// Whether mails tell of their payments, too.
  let paymentsByMail: Bool

  init(_ random: inout SplitMix64) {
    let kind = Int.random(in: 0..<6, using: &random)
    byMail = kind > 1 && kind != 2
    byPush = kind == 0 || kind > 2
    paymentsByMail = kind != 4
  }

  /// By the channels' names.
  func channels(forPayments isOfPayment: Bool) -> [String] {
    (byMail && (paymentsByMail || !isOfPayment) ? ["email"] : []) + (byPush ? ["push"] : [])
  }

  static func mailAddress(of customer: String) -> String { "\(customer)@people.example" }

  static func device(of customer: String) -> String { "device of \(customer)" }
}
