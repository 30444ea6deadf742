internal import Addresses
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// What accounts' ether did in a block, proved by `eth_getProof` at the block and at its parent
/// against the state roots of both.
struct BalanceProofs: Sendable {
  let pool: EthereumPool
  let profile: ProofProfile

  /// By how much each account's balance grew. Of one that isn't proved, that shrank, or that sent
  /// something and so paid for gas, which isn't accounted, nothing is said.
  func gains(
    of addresses: [EthereumAddress], at link: ChainLink, _ proof: BlockProof
  ) async -> [EthereumAddress: UInt256] {
    guard link.ref.height > 0 else { return [:] }
    let parent = BlockRef(height: link.ref.height - 1, hash: link.parent)
    let served = try? await pool.serve {
      (node) async throws(NodeError) -> [EthereumAddress: UInt256] in
      guard let header = try await node.header(parent.hash) else {
        throw .unknownBlock(parent.hash)
      }
      let before = try await node.proofs(of: addresses, at: parent).value
      let after = try await node.proofs(of: addresses, at: link.ref).value
      do {
        let parentProof = try BlockProof(
          block: header.bytes.span.bytes, expecting: parent.hash, profile: profile)
        var gains: [EthereumAddress: UInt256] = [:]
        for (before, after) in zip(before, after) {
          let old = try AccountState.verify(
            stateRoot: parentProof.header.stateRoot, address: before.address,
            proof: before.accountProof)
          let new = try AccountState.verify(
            stateRoot: proof.header.stateRoot, address: after.address,
            proof: after.accountProof)
          guard old.nonce == new.nonce, new.balance >= old.balance else { continue }
          gains[after.address] = new.balance.subtractingOrZero(old.balance)
        }
        return gains
      } catch {
        throw .unusable("its proofs at \(link.ref.text(.ethereum)): \(error)")
      }
    }
    return served?.value ?? [:]
  }
}

/// What is proved of accounts at one block, against the root of its state.
extension BalanceProofs {
  /// The balances in wei of those accounts that have never sent anything (nonce 0): what ever came
  /// to them. Of the others, which may have spent something, nothing is said.
  func untouchedBalances(
    of addresses: [EthereumAddress], at block: BlockRef
  ) async throws(NodePoolError) -> [EthereumAddress: UInt256] {
    try await pool.serve { (node) async throws(NodeError) -> [EthereumAddress: UInt256] in
      guard let header = try await node.header(block.hash) else {
        throw .unknownBlock(block.hash)
      }
      let answers = try await node.proofs(of: addresses, at: block).value
      do {
        let proof = try BlockProof(
          block: header.bytes.span.bytes, expecting: block.hash, profile: profile)
        var balances: [EthereumAddress: UInt256] = [:]
        for answer in answers {
          let account = try AccountState.verify(
            stateRoot: proof.header.stateRoot, address: answer.address, proof: answer.accountProof)
          if account.nonce == 0 { balances[answer.address] = account.balance }
        }
        return balances
      } catch {
        throw .unusable("its proofs at \(block.text(.ethereum)): \(error)")
      }
    }.value
  }
}

/// What a block brought to an account in ether, as far as its transactions, their inner calls and its
/// withdrawals tell.
struct BalanceAccount {
  /// Wei.
  let gain: UInt256

  /// Nil for who earns the block's fees, for who gave something away (an account whose nonce stays
  /// the same does so by code alone), and where something can't be read.
  init?(
    of address: EthereumAddress, in proof: BlockProof, _ inner: [EthereumTransfer]
  ) {
    guard proof.header.beneficiary != address,
      let direct = try? proof.transfers(watching: OneAccount(address: address))
    else { return nil }
    var sum = UInt256.zero
    func add(_ value: UInt256) -> Bool {
      let (next, overflow) = sum.addingReportingOverflow(value)
      sum = next
      return !overflow
    }
    for transfer in direct + inner where transfer.contract == nil && !transfer.hasFailed {
      guard transfer.from != address else { return nil }
      guard transfer.to != address || add(transfer.value) else { return nil }
    }
    for withdrawal in proof.withdrawals where withdrawal.recipient == address {
      guard add(withdrawal.value) else { return nil }
    }
    gain = sum
  }
}

private struct OneAccount: AddressWatching {
  let address: EthereumAddress

  func watches(_ address: EthereumAddress) -> Bool { address == self.address }
}
