internal import EventLog
package import JSON
internal import Payments

/// What `RefundDocument` writes, as JSON Schemas: for the API's description and for events.
package enum RefundSchemas {
  package static let status = JSONSchema.choices(RefundStatus.allCases.map(\.rawValue))

  package static let refund = schema(isEvent: false)

  /// - Parameter isEvent: with the step that an event tells
  static func schema(isEvent: Bool) -> JSONValue {
    let step: [JSONValue.Member] = [
      .init(
        "from",
        JSONSchema.described(status, "The status before; left out at the refund's beginning.")),
      .init("to", JSONSchema.described(status, "The status that the event tells.")),
    ]
    return JSONSchema.object(
      "Amounts are in units of the asset; those named …_minor in its minor units.",
      members + (isEvent ? step : []),
      optional: [
        "arrived_minor", "block_hash", "block_height", "chain_id", "contract", "failure",
        "order_id", "reason", "txid", "from",
      ])
  }

  private static var members: [JSONValue.Member] {
    func described(_ schema: JSONValue, _ description: String) -> JSONValue {
      JSONSchema.described(schema, description)
    }
    let (text, count, time) = (JSONSchema.text, JSONSchema.count, JSONSchema.time)
    return [
      .init("id", described(text, "ref_…")), .init("payment_id", text),
      .init("order_id", described(text, "What the payment is for, where that is noted.")),
      .init("status", status),
      .init("kind", JSONSchema.choices(RefundTerms.Kind.allCases.map(\.rawValue))),
      .init("chain", text),
      .init("chain_id", described(count, "The number of an EVM chain (EIP-155).")),
      .init("asset", text),
      .init("contract", described(text, "The token's, where the asset is one.")),
      .init("amount", described(JSONSchema.units, "What it takes of the payment's receipts.")),
      .init("amount_minor", JSONSchema.minor),
      .init(
        "fee_payer",
        described(
          JSONSchema.choices(RefundTerms.FeePayer.allCases.map(\.rawValue)),
          "Whether the chain's fee comes out of the amount (payee).")),
      .init("address", described(text, "Where it goes.")),
      .init("attested", described(JSONSchema.flag, "Whether a signed message names the address.")),
      .init("requested_by", text), .init("requested_at", time),
      .init("not_before", described(time, "No transaction is made for it before.")),
      .init("approvals", described(count, "How many people have approved it.")),
      .init("approvals_needed", described(count, "How many must, besides who requested it.")),
      .init("reason", text),
      .init(
        "txid", described(JSONSchema.hash, "Of the transaction that pays it, or is to pay it.")),
      .init("block_height", count),
      .init("block_hash", described(JSONSchema.hash, "The block that the transaction stands in.")),
      .init("failure", described(text, "Why it can't be paid.")),
      .init(
        "arrived_minor",
        described(JSONSchema.minor, "What arrived, where that is less than it was to be.")),
      .init("region", text), .init("version", described(count, "Counts the changes.")),
    ]
  }
}
