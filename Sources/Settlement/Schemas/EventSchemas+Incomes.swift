internal import EventLog
internal import JSON

// `income.*`.
extension EventSchemas {
  static let incomes = Family(
    name: "income", topic: "payment-events", subject: "chain/address.",
    kinds: [
      income(
        "booked",
        "A block brought coin to the address without a transfer: a validator's withdrawal, or the "
          + "fees of its transactions. It pays for nothing.", source: "(withdrawal:[0-9]+|fees)"),
      income(
        "unattributed",
        "The address's proved balance is higher than all that is known explains: contracts may have "
          + "moved coin to it. It isn't credited; an operator decides.", source: "unattributed"),
      income(
        "reversed",
        "It stands no longer: its block left the active chain, or a transfer that was found since "
          + "explains it, of which what it doesn't explain is told anew.",
        source: "(withdrawal:[0-9]+|fees|unattributed)"),
    ], definitions: [])

  private static func income(_ name: String, _ summary: String, source: String) -> Kind {
    Kind(
      type: "income.\(name)", summary: summary,
      data: JSONSchema.object(
        "The income.",
        [
          .init("chain", JSONSchema.text), .init("address", JSONSchema.text),
          .init("source", ["type": "string", "pattern": .string("^\(source)$")]),
          .init(
            "payment_id",
            JSONSchema.described(
              JSONSchema.text, "Left out where the address was never handed out.")),
          .init("amount_minor", JSONSchema.minor), .init("block_height", JSONSchema.count),
          .init(
            "block_hash",
            JSONSchema.described(
              JSONSchema.hash, "The block that brought it, or whose state shows it.")),
        ], optional: ["payment_id"]),
      tenant: .sometimes)
  }
}
