internal import Bytes
internal import ChainTypes
package import Database
internal import Settlement

/// What the database holds, read with plain queries: none of the code that wrote it takes part.
package struct StoredState: Sendable {
  /// By the chain's name.
  var chains: [String: Chain] = [:]
  var addresses: [Address] = []
  var payments: [StoredPayment] = []
  private(set) var refunds: [String: StoredRefund] = [:]
  private(set) var outgoing: [Outgoing] = []
  /// Transactions that bring ether for a sweep's gas.
  private(set) var funding: Set<[UInt8]> = []

  /// What is stored of one chain.
  struct Chain: Sendable {
    var cursor: Cursor?
    var transfers: [Transfer] = []
    var incomes: [Income] = []
    /// By txid.
    var proofs: [[UInt8]: Proof] = [:]
    var headers: [Header] = []
    var coverage: [Coverage] = []

    /// Those whose value is there.
    var countedTransfers: Set<TransferKey> {
      Set(
        transfers.filter { TransferHistory.standing.contains($0.state) }.map {
          TransferKey(txid: Hash32($0.txid) ?? Hash32(), position: $0.position)
        })
    }
  }

  struct Cursor: Sendable {
    let family: String
    let version: Int64
    let height: Int64
    let hash: [UInt8]
    let addressesThrough: Int64
    let lookedThrough: Int64?
    let halt: String?
    let finalHeight: Int64?
    let finalHash: [UInt8]?

    /// As events write it.
    var tip: String {
      "\(height):\(family == "bitcoin" ? Hex.encode(hash.reversed()) : "0x" + Hex.encode(hash))"
    }
  }

  struct Address: Sendable {
    let family: String
    let ordinal: Int64
    let script: [UInt8]
    let payment: String?
    let touched: Bool
  }

  struct Transfer: Sendable {
    let chain: String
    let txid: [UInt8]
    let position: String
    let ordinal: Int64
    let contract: String
    let value: String
    let state: String
    let detail: String?
    let confirmations: Int64
    let blockHeight: Int64?
    let blockHash: [UInt8]?
    let blockTime: Int64?
    let firstSeen: Int64

    /// What tells it from all others, as the subject of its events: the txid as people write it.
    var id: String {
      // A Bitcoin output's position is its number.
      let text = Int64(position) == nil ? "0x" + Hex.encode(txid) : Hex.encode(txid.reversed())
      return "\(chain)/\(text)/\(position)"
    }
  }

  /// Coin that came without a transfer.
  struct Income: Sendable {
    let height: Int64
    let ordinal: Int64
    let value: UInt256
  }

  struct Proof: Sendable, Equatable {
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
    let chain: String
    /// As in rows of transfers.
    let contract: String
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

  struct StoredRefund: Sendable {
    let terms: String
    let status: String
    let facts: [String]
  }

  /// A transaction of ours.
  struct Outgoing: Sendable {
    let id: String
    let chain: String
    let purpose: String
    let status: String
    let txid: [UInt8]?
    let blockHash: [UInt8]?
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

  /// Of all chains.
  var transfers: [Transfer] { chains.values.flatMap(\.transfers) }

  /// Whether it is ether of ours for a sweep's gas: nobody's payment.
  func isFunding(_ transfer: Transfer) -> Bool { funding.contains(transfer.txid) }

  func chain(_ name: ChainName) -> Chain { chains[name.text] ?? Chain() }
}

// Reading.
extension StoredState {
  package static func read(from connection: any SQLConnection) throws -> StoredState {
    var state = StoredState()
    try state.readChains(connection)
    try state.readTransfers(connection)
    try state.readPayments(connection)
    return state
  }

  private mutating func readChains(_ connection: any SQLConnection) throws {
    for row in try connection.query("SELECT * FROM chains") {
      chains[try row.text("chain"), default: Chain()].cursor = try Cursor(
        family: row.text("family"), version: row.integer("version"),
        height: row.integer("tip_height"), hash: row.blob("tip_hash"),
        addressesThrough: row.integer("addresses_through"),
        lookedThrough: row.optionalInteger("looked_through"), halt: row.optionalText("halt"),
        finalHeight: row.optionalInteger("final_height"),
        finalHash: row.optionalBlob("final_hash"))
    }
    for row in try connection.query("SELECT * FROM headers ORDER BY height") {
      chains[try row.text("chain"), default: Chain()].headers.append(
        try Header(
          height: row.integer("height"), hash: row.blob("hash"), parent: row.blob("parent")))
    }
    for row in try connection.query("SELECT * FROM coverage ORDER BY from_height") {
      chains[try row.text("chain"), default: Chain()].coverage.append(
        try Coverage(
          from: row.integer("from_height"), fromParent: row.blob("from_parent"),
          through: row.integer("through_height"), throughHash: row.blob("through_hash"),
          addressesThrough: row.integer("addresses_through")))
    }
  }

  private mutating func readTransfers(_ connection: any SQLConnection) throws {
    for row in try connection.query("SELECT * FROM transfers") {
      chains[try row.text("chain"), default: Chain()].transfers.append(
        try Transfer(
          chain: row.text("chain"), txid: row.blob("txid"), position: row.text("position"),
          ordinal: row.integer("ordinal"), contract: row.text("contract"),
          value: row.text("value"), state: row.text("state"), detail: row.optionalText("detail"),
          confirmations: row.integer("confirmations"),
          blockHeight: row.optionalInteger("block_height"),
          blockHash: row.optionalBlob("block_hash"),
          blockTime: row.optionalInteger("block_time"), firstSeen: row.integer("first_seen")))
    }
    for row in try connection.query("SELECT * FROM incomes") {
      chains[try row.text("chain"), default: Chain()].incomes.append(
        try Income(
          height: row.integer("block_height"), ordinal: row.integer("ordinal"),
          value: row.amount("value")))
    }
    for row in try connection.query("SELECT * FROM transfer_proofs") {
      chains[try row.text("chain"), default: Chain()].proofs[try row.blob("txid")] = try Proof(
        block: row.blob("block_hash"), header: row.blob("header"),
        position: row.integer("position"), transaction: row.blob("transaction_bytes"),
        siblings: row.blob("siblings"), coinbase: row.blob("coinbase"),
        coinbaseSiblings: row.blob("coinbase_siblings"))
    }
  }

  private mutating func readRefunds(_ connection: any SQLConnection) throws {
    var facts: [String: [String]] = [:]
    for row in try connection.query("SELECT * FROM refund_facts ORDER BY refund_id, number") {
      facts[try row.text("refund_id"), default: []].append(try row.text("fact"))
    }
    for row in try connection.query("SELECT refund_id, terms, status FROM refunds") {
      let id = try row.text("refund_id")
      refunds[id] = try StoredRefund(
        terms: row.text("terms"), status: row.text("status"), facts: facts[id] ?? [])
    }
    outgoing = try connection.query("SELECT * FROM outgoing ORDER BY outgoing_id").map { row in
      try Outgoing(
        id: row.text("outgoing_id"), chain: row.text("chain"), purpose: row.text("purpose"),
        status: row.text("status"), txid: row.optionalBlob("txid"),
        blockHash: row.optionalBlob("block_hash"))
    }
    funding = Set(outgoing.filter { $0.purpose == "gas" }.compactMap(\.txid))
  }

  private mutating func readPayments(_ connection: any SQLConnection) throws {
    try readRefunds(connection)
    addresses = try connection.query("SELECT * FROM addresses ORDER BY ordinal").map { row in
      try Address(
        family: row.text("family"), ordinal: row.integer("ordinal"), script: row.blob("script"),
        payment: row.optionalText("payment_id"), touched: row.integer("touched") == 1)
    }
    var facts: [String: [String]] = [:]
    for row in try connection.query("SELECT * FROM payment_facts ORDER BY payment_id, number") {
      facts[try row.text("payment_id"), default: []].append(try row.text("fact"))
    }
    payments = try connection.query("SELECT * FROM payments ORDER BY payment_id").map { row in
      let id = try row.text("payment_id")
      return try StoredPayment(
        id: id, chain: row.text("chain"), contract: row.text("contract"),
        ordinal: row.integer("ordinal"), expiresAt: row.integer("expires_at"),
        version: row.integer("version"), status: row.text("status"), amount: row.text("amount"),
        received: row.text("received"), confirmed: row.text("confirmed"),
        deadlinePassed: row.integer("deadline_passed") == 1, terms: row.text("terms"),
        facts: facts[id] ?? [])
    }
  }
}
