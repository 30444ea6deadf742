internal import EventLog
package import JSON
internal import Payments

/// What `PaymentDocument` writes, as JSON Schemas: for the API's description and for events.
package enum PaymentSchemas {
  package static let status = JSONSchema.choices(PaymentStatus.allCases.map(\.rawValue))

  /// - Parameters:
  ///   - transfer: the schema of one of its transfers, or a reference to it
  ///   - isEvent: with the step that an event tells
  package static func payment(transfer: JSONValue, isEvent: Bool = false) -> JSONValue {
    let step: [JSONValue.Member] = [
      .init("from", JSONSchema.described(status, "The status before what the event tells.")),
      .init("to", JSONSchema.described(status, "The status after it.")),
    ]
    return JSONSchema.object(
      "Amounts are in units of the asset; those named …_minor in its minor units.",
      members(transfer) + (isEvent ? step : []),
      optional: [
        "chain_id", "contract", "metadata", "quote", "refund_address", "resolved_by",
        "resolved_reason",
      ])
  }

  private static func members(_ transfer: JSONValue) -> [JSONValue.Member] {
    typealias Words = JSONSchema
    func described(_ schema: JSONValue, _ description: String) -> JSONValue {
      JSONSchema.described(schema, description)
    }
    let (text, flag, time) = (Words.text, Words.flag, Words.time)
    let (minor, units, count) = (Words.minor, Words.units, Words.count)
    return [
      .init("id", text), .init("order_id", text), .init("status", status),
      .init("chain", text),
      .init("chain_id", described(count, "The number of an EVM chain (EIP-155).")),
      .init("asset", text),
      .init("contract", described(text, "The token's, where the asset is one.")),
      .init("address", text),
      .init("uri", described(text, "What a wallet opens (BIP-0321, ERC-681 on EVM chains).")),
      .init("amount", described(units, "What was asked for.")), .init("amount_minor", minor),
      .init("quote", quote),
      .init(
        "due_minor", described(minor, "What is due: the amount, or what it was lowered to.")),
      .init("tolerance_minor", minor),
      .init("received", described(units, "What has been seen in the mempool or in blocks.")),
      .init("received_minor", minor),
      .init(
        "confirmed_minor", described(minor, "What is as deep as confirmations_required.")),
      .init("shortfall_minor", minor), .init("overpaid_by_minor", minor),
      .init("held_minor", described(minor, "What came but waits for a decision.")),
      .init("late", flag),
      .init("multiple", described(flag, "Whether several transfers make it up.")),
      .init(
        "replaceable", described(flag, "Whether some of the money can still be replaced.")),
      .init("reversals", described(count, "How often it lost a status.")),
      .init(
        "refund_address", described(text, "Where refunds go, where somebody has said it.")),
      .init("refund_status", Words.choices(RefundProgress.allCases.map(\.rawValue))),
      .init(
        "refundable_minor", described(minor, "What is final and not taken by refunds.")),
      .init(
        "confirmations_required",
        described(count, "How deep a transfer must be to count as confirmed.")),
      .init("created_at", time), .init("expires_at", time), .init("region", text),
      .init("version", described(count, "Counts the changes.")),
      .init(
        "metadata",
        ["type": "object", "additionalProperties": true, "description": "The shop's own."]),
      .init("resolved_by", text), .init("resolved_reason", text),
      .init(
        "transfers",
        [
          "type": "array", "items": transfer,
          "description": "The greatest ones where there are more than are shown.",
        ]),
      .init("transfer_count", described(count, "How many there are in all.")),
    ]
  }

  /// `PaymentQuote.document`.
  package static let quote = JSONSchema.object(
    "The price that the amount was made of, and how.",
    [
      .init("id", JSONSchema.described(JSONSchema.text, "quo_…, where it was asked for before.")),
      .init("currency", JSONSchema.text),
      .init("price", JSONSchema.described(JSONSchema.units, "In units of the currency.")),
      .init("price_minor", JSONSchema.minor),
      .init(
        "rate",
        JSONSchema.described(JSONSchema.units, "Units of the currency for a unit of the asset.")),
      .init("sources", JSONSchema.described(JSONSchema.count, "How many agreed on the rate.")),
      .init("as_of", JSONSchema.described(JSONSchema.time, "When they did.")),
      .init("valid_until", JSONSchema.described(JSONSchema.time, "Until when it holds.")),
    ], optional: ["id"])

  package static let transfer = JSONSchema.object(
    "One movement of value to the payment's address.",
    [
      .init("txid", JSONSchema.hash),
      .init("vout", JSONSchema.described(JSONSchema.count, "On Bitcoin.")),
      .init("position", JSONSchema.described(JSONSchema.position, "On EVM chains.")),
      .init("amount", JSONSchema.units), .init("amount_minor", JSONSchema.minor),
      .init("state", JSONSchema.choices(PaymentTransfer.State.allCases.map(\.rawValue))),
      .init("late", JSONSchema.flag), .init("first_seen", JSONSchema.time),
      .init("block_height", JSONSchema.count),
      .init(
        "block_hash",
        JSONSchema.described(
          JSONSchema.hash, "The block that it stands in, or stood in once orphaned.")),
    ], optional: ["vout", "position", "block_height", "block_hash"])
}
