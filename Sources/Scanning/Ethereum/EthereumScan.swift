package import Addresses
package import Bytes
package import ChainTypes
package import Ethereum

/// What a scan has proved of a block, and found in it.
package struct ScannedAnswers: Hashable, Sendable {
  package let number: UInt64
  package let hash: Hash32
  package let transactionCount: Int
  /// Whether the transactions are those of the header; the header always is the hash's.
  package let provesTransactions: Bool
  /// Whether the receipts are, and so the logs.
  package let provesReceipts: Bool
  package let transfers: [Transfer]

  /// A transfer to a watched account.
  package struct Transfer: Hashable, Sendable {
    package let txid: Hash32
    /// Nil where logs are claimed and may not be all of their transaction.
    package let position: EthereumTransfer.Position?
    /// Nil for a token that the chain's file doesn't list.
    package let symbol: String?
    /// Nil for the chain's own coin.
    package let contract: EthereumAddress?
    package let from: EthereumAddress
    package let to: EthereumAddress
    package let value: UInt256
  }
}

/// Runs nodes' answers about blocks, without their chain, through the watcher's verification and
/// matching.
package struct EthereumScan {
  private let accounts: AccountList
  private let spec: ChainSpec
  private let profile: ProofProfile

  /// Nil where the chain isn't an EVM chain.
  package init?(watching accounts: AccountList, on spec: ChainSpec) {
    guard case .ethereum(let network) = spec.family else { return nil }
    self.accounts = accounts
    self.spec = spec
    profile = network.profile
  }

  /// Proves a block as far as the answers go.
  ///
  /// With receipts everything in it is proved. With logs alone, tokens are found in these as the
  /// node tells them; ether isn't, because nothing tells whether a transaction succeeded.
  package func scan(_ answers: AnswerFiles.Answers) throws(BlockProofError) -> ScannedAnswers {
    let block = answers.block
    var proof = try BlockProof(block: block.span.bytes, expecting: nil, profile: profile)
    if let receipts = answers.receipts {
      try proof.prove(receipts: receipts.span.bytes)
    } else if proof.transactionCount == 0 {
      try proof.prove(singleReceipts: [])
    }
    let transfers: [ScannedAnswers.Transfer]
    if proof.receipts != nil {
      transfers = try proof.transfers(watching: accounts).map {
        transfer(
          $0.txid, $0.position, $0.contract, from: $0.from, to: $0.to, value: $0.value)
      }
    } else if let logs = answers.logs {
      transfers = try claimedTransfers(logs, of: proof)
    } else {
      transfers = []
    }
    return ScannedAnswers(
      number: proof.header.number, hash: proof.hash, transactionCount: proof.transactionCount,
      provesTransactions: proof.transactions != nil, provesReceipts: proof.receipts != nil,
      transfers: transfers.filter { accounts.watches($0.to) })
  }

  private func claimedTransfers(
    _ logs: [UInt8], of proof: BlockProof
  ) throws(BlockProofError) -> [ScannedAnswers.Transfer] {
    let answer: ClaimedTransfer.Answer
    do {
      answer = try ClaimedTransfer.all(
        in: logs.span.bytes, watching: accounts, computingBloom: true)
    } catch {
      throw .answer(error)
    }
    // Where the block's bloom is that of these logs, they are taken for all there are.
    let isWhole = answer.logsBloom == proof.header.logsBloom
    return answer.transfers.filter { !$0.isRemoved && $0.blockHash == proof.hash }.map {
      transfer(
        $0.transactionHash, isWhole ? .log($0.ordinal) : nil, $0.transfer.contract,
        from: $0.transfer.from, to: $0.transfer.to, value: $0.transfer.value)
    }
  }

  private func transfer(
    _ txid: Hash32, _ position: EthereumTransfer.Position?, _ contract: EthereumAddress?,
    from: EthereumAddress, to: EthereumAddress, value: UInt256
  ) -> ScannedAnswers.Transfer {
    let symbol =
      contract.map { spec.token($0.hash)?.asset.symbol } ?? spec.asset.symbol
    return ScannedAnswers.Transfer(
      txid: txid, position: position, symbol: symbol, contract: contract, from: from, to: to,
      value: value)
  }
}
