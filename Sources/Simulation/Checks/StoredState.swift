internal import Bytes
internal import ChainTypes
package import Database
internal import Settlement

/// What the database holds, read with plain queries: none of the code that wrote it takes part.
package struct StoredState: Sendable {
  struct Cursor: Sendable {
    let version: Int64
    let height: Int64
    let hash: [UInt8]
    let addressesThrough: Int64
    let lookedThrough: Int64?
    let halt: String?
  }

  struct Address: Sendable {
    let ordinal: Int64
    let script: [UInt8]
    let payment: String?
    let touched: Bool
  }

  struct Transfer: Sendable {
    let txid: [UInt8]
    let vout: Int64
    let ordinal: Int64
    let value: String
    let state: String
    let confirmations: Int64
    let blockHeight: Int64?
    let blockHash: [UInt8]?
    let blockTime: Int64?
    let firstSeen: Int64

    /// What tells it from all others: txid, then vout.
    var key: [UInt8] { txid + withUnsafeBytes(of: vout.bigEndian) { Array($0) } }
  }

  struct Proof: Sendable {
    let block: [UInt8]
    let header: [UInt8]
    let position: Int64
    let transaction: [UInt8]
    let siblings: [UInt8]
    let coinbase: [UInt8]
    let coinbaseSiblings: [UInt8]
  }

  struct StoredPayment: Sendable {
    let id: String
    let ordinal: Int64
    let expiresAt: Int64
    let version: Int64
    let status: String
    let amount: String
    let received: String
    let confirmed: String
    let deadlinePassed: Bool
    let terms: String
    let facts: [String]
  }

  struct Header: Sendable {
    let height: Int64
    let hash: [UInt8]
    let parent: [UInt8]
  }

  struct Coverage: Sendable {
    let from: Int64
    let fromParent: [UInt8]
    let through: Int64
    let throughHash: [UInt8]
    let addressesThrough: Int64
  }

  var cursor: Cursor?
  var addresses: [Address] = []
  var transfers: [Transfer] = []
  /// By txid.
  var proofs: [[UInt8]: Proof] = [:]
  var payments: [StoredPayment] = []
  var headers: [Header] = []
  var coverage: [Coverage] = []

  package static func read(from connection: any SQLConnection) throws -> StoredState {
    var state = StoredState()
    state.cursor = try connection.query("SELECT * FROM chains").first.map { row in
      try Cursor(
        version: row.integer("version"), height: row.integer("tip_height"),
        hash: row.blob("tip_hash"), addressesThrough: row.integer("addresses_through"),
        lookedThrough: row.optionalInteger("looked_through"), halt: row.optionalText("halt"))
    }
    state.addresses = try connection.query("SELECT * FROM addresses ORDER BY ordinal").map { row in
      try Address(
        ordinal: row.integer("ordinal"), script: row.blob("script"),
        payment: row.optionalText("payment_id"), touched: row.integer("touched") == 1)
    }
    state.transfers = try connection.query("SELECT * FROM transfers").map { row in
      try Transfer(
        txid: row.blob("txid"), vout: row.vout("position"), ordinal: row.integer("ordinal"),
        value: row.text("value"), state: row.text("state"),
        confirmations: row.integer("confirmations"),
        blockHeight: row.optionalInteger("block_height"),
        blockHash: row.optionalBlob("block_hash"), blockTime: row.optionalInteger("block_time"),
        firstSeen: row.integer("first_seen"))
    }
    for row in try connection.query("SELECT * FROM transfer_proofs") {
      state.proofs[try row.blob("txid")] = try Proof(
        block: row.blob("block_hash"), header: row.blob("header"),
        position: row.integer("position"), transaction: row.blob("transaction_bytes"),
        siblings: row.blob("siblings"), coinbase: row.blob("coinbase"),
        coinbaseSiblings: row.blob("coinbase_siblings"))
    }
    var facts: [String: [String]] = [:]
    for row in try connection.query("SELECT * FROM payment_facts ORDER BY payment_id, number") {
      facts[try row.text("payment_id"), default: []].append(try row.text("fact"))
    }
    state.payments = try connection.query("SELECT * FROM payments ORDER BY payment_id").map { row in
      let id = try row.text("payment_id")
      return try StoredPayment(
        id: id, ordinal: row.integer("ordinal"), expiresAt: row.integer("expires_at"),
        version: row.integer("version"), status: row.text("status"), amount: row.text("amount"),
        received: row.text("received"), confirmed: row.text("confirmed"),
        deadlinePassed: row.integer("deadline_passed") == 1, terms: row.text("terms"),
        facts: facts[id] ?? [])
    }
    state.headers = try connection.query("SELECT * FROM headers ORDER BY height").map { row in
      try Header(
        height: row.integer("height"), hash: row.blob("hash"), parent: row.blob("parent"))
    }
    state.coverage = try connection.query("SELECT * FROM coverage ORDER BY from_height").map {
      row in
      try Coverage(
        from: row.integer("from_height"), fromParent: row.blob("from_parent"),
        through: row.integer("through_height"), throughHash: row.blob("through_hash"),
        addressesThrough: row.integer("addresses_through"))
    }
    return state
  }
}

extension SQLRow {
  fileprivate func vout(_ column: String) throws -> Int64 {
    guard let vout = Int64(try text(column)) else { throw CorruptRow.column(column) }
    return vout
  }
}
