internal import EventLog
internal import JSON
internal import Payments

// `refund.*`, `sweep.*`, `withdrawal.*`, `void.*` and `outgoing.*`.
extension EventSchemas {
  static let refunds = Family(
    name: "refund", topic: "payment-events", subject: "The refund's id, ref_….",
    kinds: RefundStatus.allCases.map { status in
      Kind(
        type: status.eventType, summary: summary(of: status), data: ["$ref": "#/$defs/refund"],
        tenant: .always)
    },
    definitions: [.init("refund", RefundSchemas.schema(isEvent: true))])

  private static func summary(of status: RefundStatus) -> String {
    switch status {
    case .requested: "Money is to be sent back."
    case .approved: "As many people as it takes have approved, or a transaction was given up."
    case .built: "A transaction that pays it was made and waits for its signature."
    case .signed: "The signed transaction is stored."
    case .broadcast: "A node has taken the transaction, or a reorg took its block."
    case .confirmed: "The transaction is as deep as a payment of its amount must be."
    case .final: "The transaction is final."
    case .held:
      "Its transaction is final, and less arrived than it was to be, or nothing: an operator "
        + "accepts it (payctl refund accept), or ends it where nothing left us (payctl refund fail)."
    case .failed: "None of its transactions can pay it; its amount can be refunded again."
    case .canceled: "It was withdrawn; its amount can be refunded again."
    }
  }

  static let sweeps = outgoing(
    .sweep, besides: [.gas],
    "An outgoing transaction between addresses of ours: a sweep, or the gas for one.")

  static let withdrawals = outgoing(
    .withdrawal, "An outgoing transaction by which the shop takes its revenue.")

  static let voids = outgoing(
    .void,
    "An outgoing transaction that moves nothing: it uses a nonce up that another isn't to have."
  )

  private static func outgoing(
    _ purpose: OutgoingPurpose, besides others: [OutgoingPurpose] = [], _ description: String
  ) -> Family {
    Family(
      name: purpose.eventPrefix, topic: "payment-events", subject: "The transaction's id, out_….",
      kinds: OutgoingStatus.allCases.map { status in
        Kind(
          type: "\(purpose.eventPrefix).\(status.rawValue)", summary: summary(of: status),
          data: ["$ref": "#/$defs/outgoing"], tenant: .always)
      },
      definitions: [
        .init(
          "outgoing",
          JSONSchema.object(
            description, members(of: [purpose] + others), optional: optionalMembers))
      ])
  }

  private static func summary(of status: OutgoingStatus) -> String {
    switch status {
    case .built: "A transaction was made and waits for its signature."
    case .signed: "The signed transaction is stored."
    case .broadcast: "A node has taken it, or a reorg took its block."
    case .confirmed: "It is as deep as a payment of its amount must be."
    case .final: "It is final."
    case .replaced: "Another transaction used up what it needs, and is final."
    case .failed: "It was executed without effect, finally, or its token moved nothing."
    case .canceled: "It was given up before anyone had signed it."
    }
  }

  private static let optionalMembers: Set<String> = [
    "replaces", "fee_minor", "txid", "block_height", "block_hash", "succeeded",
  ]

  private static func members(of purposes: [OutgoingPurpose]) -> [JSONValue.Member] {
    [
      .init("id", JSONSchema.described(JSONSchema.text, "out_…")),
      .init("chain", JSONSchema.text),
      .init(
        "purpose",
        JSONSchema.choices(purposes.map(\.rawValue))),
      .init("status", JSONSchema.choices(OutgoingStatus.allCases.map(\.rawValue))),
      .init("created_at", JSONSchema.time),
      .init("replaces", JSONSchema.described(JSONSchema.text, "The one whose place it takes.")),
      .init(
        "payouts",
        [
          "type": "array",
          "items": JSONSchema.object(
            "What arrives where.",
            [
              .init("address", JSONSchema.text), .init("amount_minor", JSONSchema.minor),
              .init(
                "arrived_minor",
                JSONSchema.described(
                  JSONSchema.minor, "What arrived of a token, by its logs in the block.")),
              .init(
                "contract",
                JSONSchema.described(
                  JSONSchema.text, "The token's; left out where the chain's own coin moves.")),
              .init("refund_id", JSONSchema.text),
            ], optional: ["arrived_minor", "contract", "refund_id"]),
        ]),
      .init(
        "maximum_fee_minor",
        JSONSchema.described(JSONSchema.minor, "What the chain takes at most, in its own coin.")),
      .init("fee_minor", JSONSchema.described(JSONSchema.minor, "What it took.")),
      .init("txid", JSONSchema.hash), .init("block_height", JSONSchema.count),
      .init("block_hash", JSONSchema.hash),
      .init(
        "succeeded",
        JSONSchema.described(JSONSchema.flag, "Whether its block executed it with effect.")),
    ]
  }

  static let waits = Family(
    name: "outgoing", topic: "payment-events", subject: "The transaction's id, out_….",
    kinds: [
      Kind(
        type: "outgoing.stuck",
        summary:
          "A signed transaction waits for its block for longer than it should: raise its fee "
          + "(payctl payout bump), see why nodes refuse it, or use its nonce up (payctl payout "
          + "void). Told once for each wait.",
        data: JSONSchema.object(
          "An outgoing transaction, and how it waits.",
          members(of: OutgoingPurpose.allCases) + [
            .init(
              "stuck",
              JSONSchema.described(
                JSONSchema.choices(OutgoingWait.Reason.allCases.map(\.rawValue)),
                "unmined: so many blocks went by. refused: no node has it or takes it.")),
            .init("note", JSONSchema.described(JSONSchema.text, "Why nodes refused it last.")),
            .init(
              "waiting_since_height",
              JSONSchema.described(JSONSchema.count, "The tip's height when it began to wait.")),
          ], optional: optionalMembers.union(["note"])), tenant: .always)
    ], definitions: [])

  static let reconciliations = Family(
    name: "reconciliation", topic: "chain-events", subject: "The chain's name.",
    kinds: [
      Kind(
        type: "reconciliation.mismatch",
        summary:
          "The books and the chain, or we and another holder of our keys, disagree: look at once.",
        data: JSONSchema.object(
          "What disagrees.",
          [
            .init("chain", JSONSchema.text),
            .init("reason", JSONSchema.described(JSONSchema.text, "For people.")),
          ]),
        tenant: .never)
    ], definitions: [])
}
