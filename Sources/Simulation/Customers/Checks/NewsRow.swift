internal import Database

/// What one receiver is to be told of one event, as the table of deliveries has it.
struct NewsRow {
  let id: String
  let tenant: String
  let channel: String
  let target: String
  /// In hexadecimal.
  let event: String
  let status: String
  let attempts: Int64
  let finishedAt: Int64

  /// What has one delivery.
  var key: String { "\(event) \(channel) \(target)" }

  static func read(in connection: any SQLConnection) throws -> [NewsRow] {
    try connection.query(
      """
      SELECT delivery_id, tenant, channel, target, event_id, status, attempts, finished_at
      FROM deliveries ORDER BY delivery_id
      """
    ).map { row in
      try NewsRow(
        id: row.text("delivery_id"), tenant: row.text("tenant"), channel: row.text("channel"),
        target: row.text("target"), event: row.text("event_id"), status: row.text("status"),
        attempts: row.integer("attempts"), finishedAt: row.optionalInteger("finished_at") ?? 0)
    }
  }
}
