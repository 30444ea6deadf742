package import Addresses
package import Bytes

/// A notice, and where it was logged.
package struct LoggedNotice: Hashable, Sendable {
  /// The transaction's hash.
  package let txid: Hash32
  /// The log's index within the transaction's receipt.
  package let position: UInt32
  package let contract: EthereumAddress
  package let notice: TokenNotice

  package init(
    txid: Hash32, position: UInt32, contract: EthereumAddress, notice: TokenNotice
  ) {
    self.txid = txid
    self.position = position
    self.contract = contract
    self.notice = notice
  }
}

extension BlockProof {
  /// The notices that `contracts` logged, from the proved receipts; empty where they aren't.
  package func notices(
    of contracts: Set<EthereumAddress>
  ) throws(BlockProofError) -> [LoggedNotice] {
    guard let receipts, contracts.contains(where: header.logsBloom.mayContain) else { return [] }
    var notices: [LoggedNotice] = []
    for index in 0..<receipts.count {
      do {
        let bytes = receipts.bytes.span.bytes.extracting(receipts.range(of: index))
        var walk = try ReceiptWalk(bytes)
        // What failed has done nothing, and consensus leaves it no logs.
        guard walk.outcome != .failed else { continue }
        var position: UInt32 = 0
        while !walk.logs.isAtEnd {
          defer { position += 1 }
          // Nearly every log is another contract's, or a transfer: that much is read in place.
          let item = try walk.logs.readList()
          var fields = walk.logs.reader(of: item)
          let contract = try fields.readAddress()
          guard contracts.contains(contract),
            try !Self.isTransfer(fields.readList(), in: fields.bytes)
          else { continue }
          var whole = RLPReader(walk.logs.bytes, range: item.encoded)
          guard let notice = TokenNotice(try EthereumLog(reading: &whole)) else { continue }
          notices.append(
            LoggedNotice(
              txid: transactionHash(at: index), position: position, contract: contract,
              notice: notice))
        }
      } catch let error as RLPError {
        throw .answer(.rlp(error))
      } catch {
        throw .answer(.invalid(.status))
      }
    }
    return notices
  }

  /// Whether the first of a log's topics is `Transfer`'s: they are strings of 32 bytes each.
  private static func isTransfer(_ topics: RLPItem, in bytes: RawSpan) -> Bool {
    topics.payload.count >= 33
      && Hash32(bytes: bytes, at: topics.payload.lowerBound + 1) == TokenTransfer.topic
  }
}
