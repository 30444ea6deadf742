internal import EventLog
internal import HTTPServer
internal import JSON
internal import Payments
internal import Prices
internal import Settlement

/// JSON Schemas of what the payment routes take and give.
enum Schemas {
  private static let text = JSONSchema.text
  private static let minor = JSONSchema.minor
  private static let units = JSONSchema.units

  private static func described(_ schema: JSONValue, _ description: String) -> JSONValue {
    JSONSchema.described(schema, description)
  }

  static let status = PaymentSchemas.status

  static let newPayment: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["order_id"],
    // Just one of amount, price and quote.
    "oneOf": [
      ["required": ["asset", "chain", "amount"]], ["required": ["asset", "chain", "price"]],
      ["required": ["quote"]],
    ],
    "properties": [
      "order_id": [
        "type": "string", "minLength": 1,
        "description": .string(
          "At most \(PaymentService.maximumOrderIDBytes) bytes. An order has one running payment "
            + "at most."),
      ],
      "asset": [
        "type": "string", "examples": ["BTC", "ETH", "USDC"],
        "description": "The chain's own coin, or one of the tokens that are listed on it.",
      ],
      "chain": ["type": "string", "examples": ["bitcoin", "ethereum"]],
      "amount": described(units, "In units of the asset, such as 0.0015."),
      "price": described(
        PriceSchemas.price,
        "What is due instead of an amount: turned into one at the current rate, which holds as long "
          + "as the payment is open."),
      "quote": described(
        text, "quo_…: what is due was promised by POST /v1/quotes. Used up by the payment."),
      "expires_in": [
        "type": "integer", "minimum": 1,
        "description": "Seconds. The tenant's policy has the default and the limits.",
      ],
      "refund_address": [
        "type": "string", "minLength": 1,
        "description": "Where refunds go unless a request says otherwise, on the same chain.",
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

  static let payment = PaymentSchemas.payment(transfer: OpenAPIDocument.reference("Transfer"))

  static let transfer = PaymentSchemas.transfer

  /// A page of transactions with their proofs.
  static let proofPage: JSONValue = [
    "type": "object",
    "required": ["payment_id", "chain", "asset", "address", "terms", "data", "next_after"],
    "properties": [
      "payment_id": text, "chain": text, "asset": text,
      "contract": described(text, "The token's; absent for the chain's own coin."),
      "address": described(text, "What each of the outputs pays."),
      "terms": provedTerms,
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
              "oneOf": [
                OpenAPIDocument.reference("InclusionProof"),
                OpenAPIDocument.reference("ExecutionProof"), ["type": "null"],
              ],
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

  private static let provedTerms: JSONValue = [
    "type": "object",
    "required": [
      "order_id", "amount", "amount_minor", "tolerance_minor", "confirmations_required",
      "finality", "created_at", "expires_at",
    ],
    "description": "What was asked for: this service's own word, which no chain proves.",
    "properties": [
      "order_id": text, "amount": units, "amount_minor": minor, "tolerance_minor": minor,
      "chain_id": described(JSONSchema.count, "EIP-155's number of an EVM chain."),
      "confirmations_required": JSONSchema.count,
      "finality": described(JSONSchema.count, "The confirmations that make a transfer final."),
      "created_at": JSONSchema.time, "expires_at": JSONSchema.time,
    ],
  ]

  private static let provedOutput: JSONValue = [
    "type": "object", "required": ["amount", "amount_minor", "state"],
    "properties": [
      "vout": ["type": "integer"], "position": JSONSchema.position, "amount": units,
      "amount_minor": minor,
      "state": JSONSchema.choices(PaymentTransfer.State.allCases.map(\.rawValue)),
    ],
  ]

  static let inclusionProof: JSONValue = [
    "type": "object",
    "description": .string(
      "On Bitcoin. Checked in this order: SHA-256d of transaction, reversed, is the txid; its output at vout "
        + "pays the address amount_minor; from there the hashes of merkle lead to the merkle root "
        + "in header; SHA-256d of header, reversed, is block_hash, which you compare with a source "
        + "of your own. That the coinbase is one, and as deep in the tree, shows that no inner "
        + "node passes for a transaction (CVE-2017-12842)."),
    "required": [
      "block_hash", "block_height", "header", "transaction", "pos", "merkle", "coinbase",
      "headers",
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
      "headers": [
        "type": "array", "items": hex(160),
        "description": .string(
          "Of the blocks on top, lowest first, up to finality and 144: each names the hash of the "
            + "one before and meets its own target, so that they show the work that stands on it."),
      ],
    ],
  ]

  static let executionProof: JSONValue = [
    "type": "object",
    "description": .string(
      "On EVM chains. Checked in this order: Keccak-256 of header is block_hash, which you compare "
        + "with a source of your own; transaction_proof leads from the header's transactions root "
        + "under the key rlp(pos) to bytes whose Keccak-256 is the txid, receipt_proof from its "
        + "receipts root to the receipt. Its status is 1; position value is the transaction's own "
        + "value and recipient, log:n the receipt's log n, a Transfer that contract has logged. "
        + "Of trace, what calls moved, no root says anything: before and after lead from the "
        + "state roots of parent_header and header, under Keccak-256 of the address, to two "
        + "accounts with one nonce, and the balance grew by as much at least."),
    "required": [
      "block_hash", "block_height", "header", "pos", "transaction_proof", "receipt_proof",
      "balances",
    ],
    "properties": [
      "block_hash": text, "block_height": ["type": "integer"],
      "header": described(data, "The block's header in RLP."),
      "pos": ["type": "integer", "description": "The transaction's place in the block."],
      "transaction_proof": described(nodes, "A trie's nodes from its root on, in RLP."),
      "receipt_proof": nodes,
      "balances": [
        "type": "array",
        "items": [
          "type": "object", "required": ["address", "parent_header", "before", "after"],
          "properties": ["address": text, "parent_header": data, "before": nodes, "after": nodes],
        ],
      ],
    ],
  ]

  private static let data: JSONValue = ["type": "string", "pattern": "^0x([0-9a-f]{2})*$"]

  private static let nodes: JSONValue = ["type": "array", "items": data]

  private static let branch: JSONValue = ["type": "array", "items": hex(64)]

  private static func hex(_ digits: Int?) -> JSONValue {
    let count = digits.map { "{\($0)}" } ?? "+"
    return ["type": "string", "pattern": .string("^[0-9a-f]\(count)$")]
  }
}
