internal import Bytes

/// How somebody wants to be told what becomes of their order.
struct NewsWishes {
  let byMail: Bool
  let byPush: Bool
  /// Whether mails tell of their payments, too.
  let paymentsByMail: Bool

  init(_ random: inout SplitMix64) {
    // Some want to be told nothing.
    let kind = Int.random(in: 0..<8, using: &random)
    byMail = 1...4 ~= kind
    byPush = kind == 0 || 3...4 ~= kind
    paymentsByMail = kind != 4
  }

  /// By the channels' names.
  func channels(forPayments isOfPayment: Bool) -> [String] {
    (byMail && (paymentsByMail || !isOfPayment) ? ["email"] : []) + (byPush ? ["push"] : [])
  }

  static func mailAddress(of customer: String) -> String { "\(customer)@people.example" }

  static func device(of customer: String) -> String { "device of \(customer)" }
}
