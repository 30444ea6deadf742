/// All messages of a language. Every one stands here without a default, so that a language that
/// lacks one doesn't compile.
package struct Templates: Sendable {
  let confirmed: @Sendable (OrderWords) -> Wording
  let preparing: @Sendable (OrderWords) -> Wording
  let ready: @Sendable (OrderWords) -> Wording
  let completed: @Sendable (OrderWords) -> Wording
  let canceled: @Sendable (OrderWords, Notice.Cancellation.Cause) -> Wording
  let held: @Sendable (OrderWords, Notice.Hold) -> Wording
  let paymentRequested: @Sendable (PaymentWords) -> Wording
  let partiallyPaid: @Sendable (PaymentWords) -> Wording
  let late: @Sendable (PaymentWords) -> Wording
  let overpaid: @Sendable (PaymentWords) -> Wording
  let expired: @Sendable (PaymentWords) -> Wording
  let refundSent: @Sendable (RefundWords) -> Wording
  let refundFinal: @Sendable (RefundWords) -> Wording
  let labels: Labels

  /// What stands before values.
  package struct Labels: Sendable {
    let order: String
    let location: String
    let total: String
    let amount: String
    let network: String
    let address: String
    let until: String
    let transaction: String
    let code: String
    /// The shop's words on why it canceled an order.
    let note: String
    /// Behind a list that was cut.
    let more: @Sendable (Int) -> String
    /// How to have no more messages, given a link or an address.
    let unsubscribe: @Sendable (String) -> String
    /// Between a label and its value.
    let colon: String
  }
}

/// What a template makes: the sentences. What belongs to them in lists stands below, the same way
/// in all languages.
package struct Wording: Equatable, Sendable {
  let subject: String
  /// For a lock screen.
  let push: String
  let text: String

  init(_ subject: String, push: String, _ text: String) {
    self.subject = subject
    self.push = push
    self.text = text
  }
}

// What sentences are made with: fit to stand in them, and formatted for the reader.

package struct OrderWords: Sendable {
  let shop: String
}

package struct PaymentWords: Sendable {
  let shop: String
  let amount: String
  let received: String
  let missing: String
  let excess: String
  let until: String
  /// Whether nothing came at all.
  let isUnpaid: Bool
}

package struct RefundWords: Sendable {
  let shop: String
  let amount: String
}
