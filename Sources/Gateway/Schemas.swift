internal import HTTPServer
internal import Payments

/// JSON Schemas of what the payment routes take and give.
enum Schemas {
  private static let text: JSONValue = ["type": "string"]
  private static let minor: JSONValue = [
    "type": "string", "pattern": "^[0-9]{1,78}$", "description": "Minor units of the asset.",
  ]
  private static let units: JSONValue = [
    "type": "string", "pattern": "^[0-9]+([.][0-9]+)?$", "description": "Units of the asset.",
  ]

  static let newPayment: JSONValue = [
    "type": "object", "additionalProperties": false,
    "required": ["order_id", "asset", "chain", "amount"],
    "properties": [
      "order_id": ["type": "string", "minLength": 1, "maxLength": 128],
      "asset": ["type": "string", "examples": ["BTC"]],
      "chain": ["type": "string", "examples": ["bitcoin"]],
      "amount": units,
      "expires_in": ["type": "integer", "description": "Seconds."],
      "tolerance": units,
      "metadata": ["type": "object"],
    ],
  ]

  static let resolution: JSONValue = [
    "oneOf": [
      [
        "type": "object", "additionalProperties": false, "required": ["action", "due_minor"],
        "properties": ["action": ["const": "accept"], "due_minor": minor],
      ],
      [
        "type": "object", "additionalProperties": false, "required": ["action", "reason"],
        "properties": ["action": ["const": "close"], "reason": text],
      ],
    ]
  ]

  static let payment: JSONValue = [
    "type": "object",
    "required": [
      "id", "order_id", "status", "chain", "asset", "address", "uri", "amount", "amount_minor",
      "received", "received_minor", "expires_at", "transfers",
    ],
    "properties": [
      "id": text, "order_id": text,
      "status": ["enum": .array(PaymentStatus.allCases.map { .string($0.rawValue) })],
      "chain": text, "asset": text, "address": text, "uri": text,
      "amount": units, "amount_minor": minor, "due_minor": minor, "tolerance_minor": minor,
      "received": units, "received_minor": minor, "confirmed_minor": minor,
      "shortfall_minor": minor, "overpaid_by_minor": minor, "held_minor": minor,
      "late": ["type": "boolean"], "multiple": ["type": "boolean"],
      "replaceable": ["type": "boolean"], "reversals": ["type": "integer"],
      "refund_status": ["enum": ["none", "pending", "partial", "full"]],
      "confirmations": ["type": "integer"],
      "created_at": ["type": "string", "format": "date-time"],
      "expires_at": ["type": "string", "format": "date-time"],
      "region": text, "version": ["type": "integer"], "metadata": ["type": "object"],
      "resolved_by": text, "resolved_reason": text, "transfer_count": ["type": "integer"],
      "transfers": ["type": "array", "items": ["type": "object"]],
    ],
  ]

  static let event: JSONValue = [
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data", "sequence"],
    "properties": [
      "specversion": ["const": "1.0"], "id": text, "source": text, "type": text, "subject": text,
      "time": ["type": "string", "format": "date-time"], "sequence": ["type": "integer"],
      "tenant": text, "data": ["type": "object"],
    ],
  ]
}
