internal import EventLog
internal import JSON
internal import Payments
internal import Settlement

// What the routes of refunds take.
extension Schemas {
  static let approval: JSONValue = [
    "type": "object", "additionalProperties": false,
    "description": .string(
      "With an API key both are required. Who has a token approves in that name, and signs where "
        + "the tenant lists approvers."),
    "properties": [
      "by": JSONSchema.described(JSONSchema.text, "The approver's name, as it is listed."),
      "signature": JSONSchema.described(
        JSONSchema.text,
        "Under seven lines without a line feed at the end: “Paywatch approval”, then refund, payment, "
          + "address, chain, asset, amount (in units, with all decimals) and approver, each as "
          + "“name: value”. EIP-191 or BIP-0322 (simple), by the listed address."),
    ],
  ]

  static let newRefund: JSONValue = [
    "type": "object", "additionalProperties": false, "required": ["kind"],
    "properties": [
      "kind": [
        "type": "string", "enum": .array(RefundTerms.Kind.allCases.map { .string($0.rawValue) }),
        "description": .string(
          "full: all that is left of the final receipts. partial: so much of them. overpayment: what "
            + "came above what was due."),
      ],
      "amount": JSONSchema.described(
        JSONSchema.units, "Of a partial refund, in units of the asset; or amount_minor."),
      "amount_minor": JSONSchema.minor,
      "address": [
        "type": "string", "minLength": 1,
        "description": .string(
          "Where to, on the payment's chain. Without it the payment's refund_address. A changed one "
            + "waits until not_before."),
      ],
      "reason": [
        "type": "string", "minLength": 1,
        "description": .string("At most \(PaymentFact.maximumReasonBytes) bytes."),
      ],
      "attestation": [
        "type": "object", "additionalProperties": false,
        "required": ["kind", "signer", "message", "signature"],
        "description": .string(
          "A signed message that names the address; the tenant's policy may require it."),
        "properties": [
          "kind": [
            "type": "string",
            "enum": .array(RefundAttestation.Kind.allCases.map { .string($0.rawValue) }),
            "description": "bip322 (simple) on Bitcoin, eip191 on EVM chains.",
          ],
          "signer": ["type": "string", "description": "The address that signed."],
          "message": [
            "type": "string",
            "description": .string(
              "Six lines, no line feed behind the last: Paywatch refund; payment: and its id; "
                + "address: ; chain: ; asset: ; amount: what all refunds of the payment to the "
                + "address may come to, with all of the asset's decimals."),
          ],
          "signature": [
            "type": "string", "description": "Base64, or 0x and 130 digits (EIP-191).",
          ],
        ],
      ],
    ],
  ]
}
