internal import Audit
package import Database
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Tenancy

/// `GET /v1/audit`: what staff and operators did for the tenant, for its auditors alone.
package struct AuditRoutes: Sendable {
  let database: any Database

  package init(database: any Database) { self.database = database }

  package func register(on router: APIRouter) {
    router.addSchema(Self.record, named: "AuditRecord")
    router.on(
      .get, "/v1/audit",
      OpenAPIOperation(
        "listAudit", "What staff and operators did, in its order", tag: "audit",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("actor", "Only what this one did, such as user:anna or key:4f1c…."),
          .init("action", "Only this, such as order.ready."),
          .init("subject", "Only what was done to this."),
        ],
        answers: [
          .init(
            200, "A page.",
            schema: OpenAPIOperation.pageSchema(
              of: OpenAPIDocument.reference("AuditRecord"), growing: true))
        ]),
      access: .people(.auditor)
    ) { request, context in
      let tenant = try context.requireTenant()
      let (page, actor, action, subject) = try QueryParameters.read(request) { query in
        (
          try query.page(), try query.string("actor"), try query.string("action"),
          try query.string("subject", length: 1...500)
        )
      }
      let after = try Self.position(page.after)
      let records = try await database.read(as: tenant) { connection in
        try AuditLog.page(
          of: tenant, after: after, limit: page.limit, actor: actor, action: action,
          subject: subject, in: connection)
      }
      let next = records.last?.position ?? after
      return .json(bytes: JSONPage.bytes(of: records.map(\.json), nextAfter: String(next)))
    }
  }

  private static func position(_ text: String?) throws(Problem) -> Int64 {
    guard let text else { return 0 }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let position = Int64(text) else {
      throw .invalidField("after", "It must be a position, as next_after gives it.")
    }
    return position
  }

  private static let hash: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{64}$"]

  private static let record: JSONValue = [
    "type": "object", "additionalProperties": false,
    "description": .string(
      "hash is SHA-256 of the record without it, as JSON with its members in order of their names, "
        + "without spaces; previous_hash is the record's before."),
    "required": [
      "action", "actor", "details", "hash", "occurred_at", "position", "previous_hash", "roles",
      "subject", "tenant",
    ],
    "properties": [
      "action": ["type": "string"],
      "actor": [
        "type": "string",
        "description": "user: and a token's sub, key: and an API key's digits, payctl: and a name.",
      ],
      "details": ["type": "object"], "hash": hash,
      "occurred_at": ["type": "string", "format": "date-time"],
      "position": ["type": "integer", "minimum": 1], "previous_hash": hash,
      "roles": ["type": "array", "items": ["type": "string"]],
      "subject": ["type": "string"], "tenant": ["type": "string"],
    ],
  ]
}
