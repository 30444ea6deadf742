internal import EventLog
internal import JSON

// `chain.token_notice`.
extension EventSchemas {
  static let tokenNotice = chain(
    "token_notice",
    "A listed token's issuer changed what its balances are worth or whether they move. A later "
      + "chain.reorged whose common_ancestor lies below its block takes it back.",
    [
      .init("block", block("The block whose receipts hold the log.")),
      .init("txid", JSONSchema.hash),
      .init(
        "position", JSONSchema.described(JSONSchema.position, "The log, within its receipt.")),
      .init("contract", JSONSchema.described(JSONSchema.contract, "The token's.")),
      .init("asset", JSONSchema.described(JSONSchema.text, "The token's symbol.")),
      .init(
        "notice",
        JSONSchema.choices([
          "fee_changed", "deprecated", "paused", "unpaused", "blacklisted", "unblacklisted",
          "funds_destroyed", "upgraded", "admin_changed",
        ])),
      .init(
        "account",
        address("Whose tokens are stopped, freed or gone: blacklisted, unblacklisted, destroyed.")),
      .init("amount_minor", JSONSchema.described(JSONSchema.minor, "How much was destroyed.")),
      .init(
        "basis_points",
        JSONSchema.described(
          JSONSchema.minor, "The new fee on each transfer, in parts of ten thousand.")),
      .init("maximum_minor", JSONSchema.described(JSONSchema.minor, "What the fee never exceeds.")),
      .init("successor", address("The contract to which a deprecated one hands its calls.")),
      .init("implementation", address("The code that the proxy runs from now on.")),
      .init("former_admin", address("Who could upgrade it before.")),
      .init("admin", address("Who can upgrade it now.")),
      .init(
        "affects",
        JSONSchema.object(
          "There where the account is a watched address; empty where nobody was given it.",
          [.init("payment_id", JSONSchema.text), .init("tenant", JSONSchema.text)],
          optional: ["payment_id", "tenant"])),
      .init(
        "omitted",
        JSONSchema.described(
          JSONSchema.count,
          "How many of the block's notices aren't told, about accounts that aren't watched; "
            + "beside the last that is.")),
    ],
    optional: [
      "account", "amount_minor", "basis_points", "maximum_minor", "successor", "implementation",
      "former_admin", "admin", "affects", "omitted",
    ])

  private static func address(_ description: String) -> JSONValue {
    JSONSchema.described(JSONSchema.contract, description)
  }
}
