internal import ChainTracking
package import EventLog
internal import JSON
internal import Payments

/// JSON Schemas of what is told of payments, the money behind them and their chains.
package enum EventSchemas {
  typealias Family = EventFamily
  typealias Kind = EventFamily.Kind

  package static let families: [EventFamily] = [
    payments, transfers, incomes, refunds, sweeps, withdrawals, voids,
    waits, chains, reconciliations,
  ]

  /// All types that are told.
  package static var types: Set<String> { Set(families.flatMap(\.kinds).map(\.type)) }

  // MARK: Payments

  private static let payments = Family(
    name: "payment", topic: "payment-events", subject: "The payment's id, pay_….",
    kinds: PaymentEvent.Kind.allCases.map { kind in
      Kind(
        type: kind.type, summary: summary(of: kind), data: ["$ref": "#/$defs/payment"],
        tenant: .always)
    },
    definitions: [
      .init(
        "payment",
        PaymentSchemas.payment(transfer: ["$ref": "#/$defs/transfer"], isEvent: true)),
      .init("transfer", PaymentSchemas.transfer),
    ])

  private static func summary(of kind: PaymentEvent.Kind) -> String {
    switch kind {
    case .created: "A payment was made and its address handed out."
    case .partiallyPaid: "Something is in a block, but too little."
    case .processing: "Enough has been seen in the mempool or in blocks."
    case .paid: "Enough is as deep as the payment requires: hand over the goods."
    case .settled: "Enough is final."
    case .expired: "The deadline has passed without any money."
    case .expiredPartial: "The deadline has passed with too little money."
    case .late: "Money came after the deadline; told again whenever there is more of it."
    case .overpaid: "More came than is due; told again whenever there is more of it."
    case .reversed: "The chain or an operator took a status back, from `from` to `to`."
    case .canceled: "The payment was withdrawn before any money came."
    case .resolved: "An operator closed the payment."
    case .received:
      "More came of a payment that had ended or was paid, which no other event tells: "
        + "`received_minor` has grown."
    }
  }

  // MARK: Transfers

  private static let transfers = Family(
    name: "transfer", topic: "payment-events", subject: "chain/txid/position.",
    kinds: [
      kind("seen", "It is in a mempool."),
      kind("included", "It is in a block of the active chain.", ["block_height", "block_hash"]),
      kind("confirmed", "It is as deep as its payment requires.", ["block_height", "block_hash"]),
      kind("final", "It is as deep as the chain's finality.", ["block_height", "block_hash"]),
      kind("replaced", "Another transaction spends one of its inputs.", ["replaced_by"]),
      kind("dropped", "It has gone from the mempools for no known reason."),
      kind("orphaned", "Its block left the active chain.", ["block_height", "block_hash"]),
      kind("failed", "Its transaction was executed without effect: nothing moved."),
      kind("quarantined", "It is recorded and not credited.", ["reason"]),
      Kind(
        type: "transfer.misdirected",
        summary: "It pays an address whose payment is due on another chain or in another asset.",
        data: data(
          to: JSONSchema.choices(states), [],
          possible: ["block_height", "block_hash", "replaced_by", "reason"]),
        tenant: .always),
    ], definitions: [])

  /// The states that transfers have so far.
  private static let states = [
    "seen", "included", "confirmed", "final", "replaced", "dropped", "orphaned", "failed",
    "quarantined",
  ]

  private static func kind(
    _ state: String, _ summary: String, _ required: Set<String> = []
  ) -> Kind {
    Kind(
      type: "transfer.\(state)", summary: summary,
      data: data(to: JSONSchema.constant(state), required), tenant: .sometimes)
  }

  /// - Parameters:
  ///   - required: those members beside the ones that all transfers have
  ///   - possible: those that may be there
  private static func data(
    to: JSONValue, _ required: Set<String>, possible: Set<String> = []
  ) -> JSONValue {
    let some: [JSONValue.Member] = [
      .init("block_height", JSONSchema.count),
      .init(
        "block_hash",
        JSONSchema.described(
          JSONSchema.hash, "The block that it stands in, or stood in once orphaned.")),
      .init(
        "replaced_by",
        JSONSchema.described(JSONSchema.hash, "The txid of the one that spends its input.")),
      .init("reason", JSONSchema.choices(QuarantineReason.allCases.map(\.rawValue))),
    ]
    let members: [JSONValue.Member] =
      [
        .init("chain", JSONSchema.text), .init("txid", JSONSchema.hash),
        .init("vout", JSONSchema.described(JSONSchema.count, "The output's index, on Bitcoin.")),
        .init(
          "position",
          JSONSchema.described(
            JSONSchema.position,
            "On EVM chains: the transaction's own value, one of its logs, or a call inside it.")),
        .init(
          "contract",
          JSONSchema.described(
            JSONSchema.contract, "The token's; left out where the chain's own coin moves.")),
        .init(
          "payment_id",
          JSONSchema.described(
            JSONSchema.text, "Left out where the address was never handed out.")),
        .init("amount_minor", JSONSchema.minor),
        .init(
          "from",
          JSONSchema.described(
            JSONSchema.choices(states), "Its state before; left out at the first.")),
        .init("to", JSONSchema.described(to, "Its state now.")),
        .init("first_seen", JSONSchema.time),
      ] + some.filter { required.contains($0.name) || possible.contains($0.name) }
    return JSONSchema.object(
      "The transfer's step.", members,
      optional: possible.subtracting(required).union([
        "vout", "position", "contract", "payment_id", "from",
      ]))
  }

  // MARK: Chains

  private static let chains = Family(
    name: "chain", topic: "chain-events", subject: "The chain's name.",
    kinds: [
      chain(
        "reorged", "Blocks left the active chain, and others took their place.",
        [
          .init("from", block("The tip before.")), .init("to", block("The tip now.")),
          .init("common_ancestor", block("The last block that both branches have.")),
          .init(
            "depth", JSONSchema.described(JSONSchema.count, "How many blocks were taken back.")),
          .init(
            "connected",
            JSONSchema.described(
              JSONSchema.count, "How many blocks of the new branch came at once.")),
        ]),
      chain(
        "stalled", "No block has come for longer than the chain's limit.",
        [
          .init("to", block("The tip.")),
          .init("since", JSONSchema.described(JSONSchema.time, "The tip's own time.")),
        ]),
      chain(
        "untraced",
        "No node told which calls blocks made: ether that contracts moved in them isn't credited, and "
          + "only balances tell that it came (income.unattributed).",
        [
          .init("from", block("The first of them.")), .init("to", block("The last of them.")),
          .init("blocks", JSONSchema.described(JSONSchema.count, "How many they are.")),
        ]),
      tokenNotice,
      chain(
        "halted", "Finality was broken: nothing is credited until an operator resumes the chain.",
        [.init("to", block("The tip.")), .init("reason", JSONSchema.text)]),
      chain(
        "resumed", "An operator has the chain credit again.",
        [
          .init("to", block("The tip.")), .init("by", JSONSchema.text),
          .init("reason", JSONSchema.described(JSONSchema.text, "Why it was halted.")),
        ]),
    ], definitions: [])

  /// - Parameter optional: those members that can be left out
  static func chain(
    _ name: String, _ summary: String, _ members: [JSONValue.Member], optional: Set<String> = []
  ) -> Kind {
    Kind(
      type: "chain.\(name)", summary: summary,
      data: JSONSchema.object(
        "Blocks as height:hash.", [.init("chain", JSONSchema.text)] + members,
        optional: optional),
      tenant: .never)
  }

  static func block(_ description: String) -> JSONValue {
    [
      "type": "string", "pattern": "^[0-9]+:(0x)?[0-9a-f]{64}$",
      "description": .string(description),
    ]
  }
}
