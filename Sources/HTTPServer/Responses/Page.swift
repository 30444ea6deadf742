/// Which part of a list is asked for: at most `limit` items behind the cursor `after`.
package struct PageRequest: Sendable, Equatable {
  package let limit: Int
  /// Opaque to clients; the route knows what it wrote there (a key of the last item).
  package let after: String?

  package static let limitMaximum: Int64 = 1_000
  package static let limitDefault: Int64 = 50

  package init(limit: Int, after: String?) {
    self.limit = limit
    self.after = after
  }
}

/// One page of a list: `{"data":[…],"next_after":…}`; `next_after` is null on the last page.
package struct Page: Sendable {
  package let items: [JSONValue]
  package let nextAfter: String?

  package init(items: [JSONValue], nextAfter: String?) {
    self.items = items
    self.nextAfter = nextAfter
  }

  /// From up to `limit + 1` rows: the row too many tells that another page follows. `cursor`
  /// gives the `after` that continues behind a row.
  package init<Row>(
    _ rows: [Row], limit: Int, cursor: (Row) -> String, json: (Row) -> JSONValue
  ) {
    let shown = rows.prefix(limit)
    items = shown.map(json)
    nextAfter = rows.count > limit ? shown.last.map(cursor) : nil
  }

  package var json: JSONValue {
    ["data": .array(items), "next_after": .optional(nextAfter)]
  }
}
