internal import HTTPServer
internal import JSON
internal import Payments
internal import Settlement

/// JSON Schemas of what the payment routes take and give.
enum Schemas {
  private static let text: JSONValue = ["type": "string"]
  private static let flag: JSONValue = ["type": "boolean"]
  private static let time: JSONValue = ["type": "string", "format": "date-time"]
  private static let minor: JSONValue = ["type": "string", "pattern": "^[0-9]{1,78}$"]
  private static let units: JSONValue = ["type": "string", "pattern": "^[0-9]+([.][0-9]+)?$"]

  /// A schema with a description of what it means here.
  private static func described(_ schema: JSONValue, _ description: String) -> JSONValue {
    guard case .object(let members) = schema else { return schema }
    return .object(members + [.init("description", .string(description))])
  }

  private static func choices(_ texts: [String]) -> JSONValue {
    ["type": "string", "enum": .array(texts.map { .string($0) })]
  }

  static let status = choices(PaymentStatus.allCases.map(\.rawValue))

  static let newPayment: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["order_id", "asset", "chain", "amount"],
    "properties": [
      "order_id": [
        "type": "string", "minLength": 1,
        "description": .string(
          "At most \(PaymentService.maximumOrderIDBytes) bytes. An order has one running payment "
            + "at most."),
      ],
      "asset": ["type": "string", "examples": ["BTC"]],
      "chain": ["type": "string", "examples": ["bitcoin"]],
      "amount": described(units, "In units of the asset, such as 0.0015."),
      "expires_in": [
        "type": "integer", "minimum": 1,
        "description": "Seconds. The tenant's policy has the default and the limits.",
      ],
      "tolerance": described(units, "How much may be missing; less than the amount."),
      "metadata": [
        "type": "object",
        "description": .string(
          "Given back as it is, with at most \(PaymentService.maximumMetadataBytes) bytes."),
      ],
    ],
  ]

  static let resolution: JSONValue = [
    "oneOf": [
      [
        "type": "object", "additionalProperties": false, "required": ["action", "due_minor"],
        "properties": [
          "action": [
            "const": "accept", "description": "Takes what came, however late or short.",
          ],
          "due_minor": described(minor, "What is due from now on, in minor units."),
        ],
      ],
      [
        "type": "object", "additionalProperties": false, "required": ["action", "reason"],
        "properties": [
          "action": [
            "const": "close", "description": "Ends a payment that isn't paid.",
          ],
          "reason": [
            "type": "string", "minLength": 1,
            "description": .string("At most \(PaymentFact.maximumReasonBytes) bytes."),
          ],
        ],
      ],
    ]
  ]

  static let payment: JSONValue = [
    "type": "object",
    "description": "Amounts are in units of the asset; those named …_minor in its minor units.",
    "required": [
      "id", "order_id", "status", "chain", "asset", "address", "uri", "amount", "amount_minor",
      "due_minor", "tolerance_minor", "received", "received_minor", "confirmed_minor",
      "shortfall_minor", "overpaid_by_minor", "held_minor", "late", "multiple", "replaceable",
      "reversals", "refund_status", "confirmations_required", "created_at", "expires_at",
      "region", "version", "transfers", "transfer_count",
    ],
    "properties": [
      "id": text, "order_id": text, "status": status, "chain": text, "asset": text,
      "address": text, "uri": described(text, "What a wallet opens (BIP-0321)."),
      "amount": described(units, "What was asked for."), "amount_minor": minor,
      "due_minor": described(minor, "What is due: the amount, or what it was lowered to."),
      "tolerance_minor": minor,
      "received": described(units, "What has been seen in the mempool or in blocks."),
      "received_minor": minor,
      "confirmed_minor": described(minor, "What is as deep as confirmations_required."),
      "shortfall_minor": minor, "overpaid_by_minor": minor,
      "held_minor": described(minor, "What came but waits for a decision."),
      "late": flag, "multiple": described(flag, "Whether several transfers make it up."),
      "replaceable": described(flag, "Whether some of the money can still be replaced."),
      "reversals": ["type": "integer", "description": "How often it lost a status."],
      "refund_status": choices(["none", "pending", "partial", "full"]),
      "confirmations_required": [
        "type": "integer", "description": "How deep a transfer must be to count as confirmed.",
      ],
      "created_at": time, "expires_at": time, "region": text,
      "version": ["type": "integer", "description": "Counts the changes."],
      "metadata": ["type": "object"], "resolved_by": text, "resolved_reason": text,
      "transfers": [
        "type": "array", "items": OpenAPIDocument.reference("Transfer"),
        "description": "The greatest ones where there are more than are shown.",
      ],
      "transfer_count": ["type": "integer", "description": "How many there are in all."],
    ],
  ]

  static let transfer: JSONValue = [
    "type": "object",
    "required": ["txid", "vout", "amount", "amount_minor", "state", "late", "first_seen"],
    "properties": [
      "txid": text, "vout": ["type": "integer"], "amount": units, "amount_minor": minor,
      "state": choices(PaymentTransfer.State.allCases.map(\.rawValue)), "late": flag,
      "first_seen": time, "block_height": ["type": "integer"],
      "block_hash": described(text, "The block that it stands in, or stood in once orphaned."),
    ],
  ]

  /// A page of transactions with their proofs.
  static let proofPage: JSONValue = [
    "type": "object",
    "required": ["payment_id", "chain", "asset", "address", "data", "next_after"],
    "properties": [
      "payment_id": text, "chain": text, "asset": text,
      "address": described(text, "What each of the outputs pays."),
      "data": [
        "type": "array",
        "items": [
          "type": "object", "required": ["txid", "outputs", "proof"],
          "properties": [
            "txid": text,
            "outputs": [
              "type": "array", "items": provedOutput,
              "description": "The payment's transfers in this transaction.",
            ],
            "proof": [
              "oneOf": [OpenAPIDocument.reference("Proof"), ["type": "null"]],
              "description": .string(
                "Null where the transaction is in no block of the active chain, and where it was "
                  + "recorded before proofs were kept."),
            ],
          ],
        ],
      ],
      "next_after": [
        "type": ["string", "null"],
        "description": "The next page's after; null on the last page.",
      ],
    ],
  ]

  private static let provedOutput: JSONValue = [
    "type": "object", "required": ["vout", "amount", "amount_minor", "state"],
    "properties": [
      "vout": ["type": "integer"], "amount": units, "amount_minor": minor,
      "state": choices(PaymentTransfer.State.allCases.map(\.rawValue)),
    ],
  ]

  static let proof: JSONValue = [
    "type": "object",
    "description": .string(
      "Checked in this order: SHA-256d of transaction, reversed, is the txid; its output at vout "
        + "pays the address amount_minor; from there the hashes of merkle lead to the merkle root "
        + "in header; SHA-256d of header, reversed, is block_hash, which you compare with a source "
        + "of your own. That the coinbase is one, and as deep in the tree, shows that no inner "
        + "node passes for a transaction (CVE-2017-12842)."),
    "required": [
      "block_hash", "block_height", "header", "transaction", "pos", "merkle", "coinbase",
    ],
    "properties": [
      "block_hash": text, "block_height": ["type": "integer"],
      "header": described(hex(160), "The block's header, 80 bytes."),
      "transaction": described(
        hex(nil), "Without its witness, which neither txid nor merkle root covers (BIP-0144)."),
      "pos": ["type": "integer", "description": "The transaction's place in the block."],
      "merkle": described(
        branch,
        "The hashes that the txid and what comes of it are paired with, lowest level first; a bit "
          + "of pos, lowest first, that is 1 puts the hash on the left. In the byte order of a "
          + "txid, as in Electrum's blockchain.transaction.get_merkle."),
      "coinbase": [
        "type": "object", "required": ["transaction", "merkle"],
        "description": "The block's first transaction, at pos 0.",
        "properties": [
          "transaction": described(hex(nil), "Without its witness."), "merkle": branch,
        ],
      ],
    ],
  ]

  private static let branch: JSONValue = ["type": "array", "items": hex(64)]

  private static func hex(_ digits: Int?) -> JSONValue {
    let count = digits.map { "{\($0)}" } ?? "+"
    return ["type": "string", "pattern": .string("^[0-9a-f]\(count)$")]
  }

  static let event: JSONValue = [
    "type": "object", "description": "A CloudEvents 1.0 event.",
    "required": [
      "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence",
      "tenant", "data",
    ],
    "properties": [
      "specversion": ["const": "1.0"],
      "id": described(text, "The same however often the event is told."), "source": text,
      "type": text, "subject": described(text, "The id of what it happened to."), "time": time,
      "datacontenttype": ["const": "application/json"],
      "sequence": [
        "type": "integer", "description": "Counts the subject's events, from 1 without gaps.",
      ],
      "tenant": text,
      "data": [
        "type": "object",
        "description": "The Payment as it was then, with from and to; or the transfer's step.",
      ],
    ],
  ]
}
