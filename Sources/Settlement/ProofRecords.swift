internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Database
internal import Ethereum
internal import Watching

/// The proofs that transactions stand in blocks, in their table: one for each transaction, in the
/// block that it was put into last.
enum ProofRecords {
  static func save(
    _ proof: TransferProof, chain: ChainName, in connection: any SQLConnection
  ) throws {
    switch proof.evidence {
    case .inclusion(let inclusion, let header):
      try save(inclusion, header, of: proof, chain: chain, in: connection)
    case .execution(let execution):
      // One with balances that nodes no longer prove isn't given up for one without.
      try connection.execute(
        """
        INSERT INTO execution_proofs (chain, txid, block_height, block_hash, evidence)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (chain, txid) DO UPDATE SET block_height = excluded.block_height,
          block_hash = excluded.block_hash, evidence = excluded.evidence
        WHERE execution_proofs.block_hash <> excluded.block_hash
          OR length(execution_proofs.evidence) <= length(excluded.evidence)
        """,
        [
          .text(chain.text), .hash(proof.txid), .integer(Int64(proof.block.height)),
          .hash(proof.block.hash), .blob(execution.rlp),
        ])
    }
  }

  private static func save(
    _ inclusion: TransactionProof, _ header: [UInt8], of proof: TransferProof,
    chain: ChainName, in connection: any SQLConnection
  ) throws {
    // A scan that proves has the coinbase; without it nothing shows how deep the tree is, and that
    // is no proof to keep.
    guard let coinbase = inclusion.coinbase else { return }
    try connection.execute(
      """
      INSERT INTO transfer_proofs (chain, txid, block_height, block_hash, header, position,
        transaction_bytes, siblings, coinbase, coinbase_siblings)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (chain, txid) DO UPDATE SET block_height = excluded.block_height,
        block_hash = excluded.block_hash, header = excluded.header, position = excluded.position,
        transaction_bytes = excluded.transaction_bytes, siblings = excluded.siblings,
        coinbase = excluded.coinbase, coinbase_siblings = excluded.coinbase_siblings
      """,
      [
        .text(chain.text), .hash(proof.txid), .integer(Int64(proof.block.height)),
        .hash(proof.block.hash), .blob(header), .integer(Int64(inclusion.branch.position)),
        .blob(inclusion.transaction), .blob(inclusion.branch.siblings.flatMap(\.bytes)),
        .blob(coinbase.transaction), .blob(coinbase.siblings.flatMap(\.bytes)),
      ])
  }

  /// Nil where none is recorded, or one in another block.
  static func find(
    _ txid: Hash32, in block: BlockRef, on chain: ChainName, in connection: any SQLConnection
  ) throws -> TransferProof? {
    let arguments: [SQLValue] = [.text(chain.text), .hash(txid), .hash(block.hash)]
    func row(_ table: String) throws -> SQLRow? {
      try connection.queryFirst(
        "SELECT * FROM \(table) WHERE chain = $1 AND txid = $2 AND block_hash = $3", arguments)
    }
    let evidence: TransferProof.Evidence
    if let row = try row("transfer_proofs") {
      evidence = .inclusion(
        TransactionProof(
          transaction: try row.blob("transaction_bytes"),
          branch: MerkleBranch(
            position: try row.uint32("position"), siblings: try hashes(row, "siblings")),
          coinbase: TransactionProof.Coinbase(
            transaction: try row.blob("coinbase"),
            siblings: try hashes(row, "coinbase_siblings"))),
        header: try row.blob("header"))
    } else if let row = try row("execution_proofs") {
      let bytes = try row.blob("evidence")
      guard let execution = try? ExecutionProof(rlp: bytes.span.bytes) else {
        throw CorruptRow.column("evidence")
      }
      evidence = .execution(execution)
    } else {
      return nil
    }
    return TransferProof(txid: txid, block: block, evidence: evidence)
  }

  /// The transactions of transfers that stand in blocks of these heights without one.
  static func lacking(
    in heights: ClosedRange<UInt32>, of chain: ChainName, in connection: any SQLConnection
  ) throws -> Set<Hash32> {
    let rows = try connection.query(
      """
      SELECT DISTINCT txid FROM transfers
      WHERE chain = $1 AND block_height BETWEEN $2 AND $3
        AND state IN ('included', 'confirmed', 'final')
        AND NOT EXISTS (SELECT 1 FROM transfer_proofs
          WHERE transfer_proofs.chain = transfers.chain AND transfer_proofs.txid = transfers.txid
            AND transfer_proofs.block_hash = transfers.block_hash)
        AND NOT EXISTS (SELECT 1 FROM execution_proofs
          WHERE execution_proofs.chain = transfers.chain AND execution_proofs.txid = transfers.txid
            AND execution_proofs.block_hash = transfers.block_hash)
      """,
      [
        .text(chain.text), .integer(Int64(heights.lowerBound)),
        .integer(Int64(heights.upperBound)),
      ])
    return Set(try rows.map { try $0.hash("txid") })
  }

  private static func hashes(_ row: SQLRow, _ column: String) throws -> [Hash32] {
    let bytes = try row.blob(column)
    return try stride(from: 0, to: bytes.count, by: 32).map { start in
      guard let hash = Hash32(Array(bytes[start..<min(start + 32, bytes.count)])) else {
        throw CorruptRow.column(column)
      }
      return hash
    }
  }
}
