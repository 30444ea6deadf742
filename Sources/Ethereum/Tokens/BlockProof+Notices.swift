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
          let log = try EthereumLog(reading: &walk.logs)
          defer { position += 1 }
          guard contracts.contains(log.address), let notice = TokenNotice(log) else { continue }
          notices.append(
            LoggedNotice(
              txid: transactionHash(at: index), position: position, contract: log.address,
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
}
