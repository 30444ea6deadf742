internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import NodeRPC

/// What accounts' ether did in a block, proved by `eth_getProof` at the block and at its parent
/// against the state roots of both.
struct BalanceProofs: Sendable {
  let pool: EthereumPool
  let profile: ProofProfile

  struct Change: Sendable {
    /// Wei, by which the balance grew.
    let gain: UInt256
    let proof: BalanceProof
  }

  struct Changes: Sendable {
    var byAddress: [EthereumAddress: Change] = [:]
    /// Whether a node may give later what none gives now.
    var mayCome = false
  }

  /// By how much each account's balance grew. Of one that isn't proved, that shrank, or that sent
  /// something and so paid for gas, which isn't accounted, nothing is said.
  func changes(of addresses: [EthereumAddress], in proof: BlockProof) async -> Changes {
    guard let height = UInt32(exactly: proof.header.number), height > 0 else { return Changes() }
    let block = BlockRef(height: height, hash: proof.hash)
    let parent = BlockRef(height: height - 1, hash: proof.header.parentHash)
    do throws(NodePoolError) {
      let served = try await pool.serve { (node) async throws(NodeError) in
        try await changes(of: addresses, from: parent, to: block, proof.header, at: node)
      }
      return Changes(byAddress: served.value)
    } catch {
      return Changes(mayCome: error.mayPass)
    }
  }

  private func changes(
    of addresses: [EthereumAddress], from parent: BlockRef, to block: BlockRef,
    _ header: EthereumHeader, at node: EthereumNode
  ) async throws(NodeError) -> [EthereumAddress: Change] {
    guard let answer = try await node.header(parent.hash) else {
      throw .unknownBlock(parent.hash)
    }
    let before = try await node.proofs(of: addresses, at: parent).value
    let after = try await node.proofs(of: addresses, at: block).value
    let parentHeader: [UInt8]
    do throws(BlockProofError) {
      parentHeader = try BlockProof(
        block: answer.bytes.span.bytes, expecting: parent.hash, profile: profile
      ).header.rlp
    } catch {
      throw .unusable("its \(parent.text(.ethereum)): \(error)")
    }
    var changes: [EthereumAddress: Change] = [:]
    for (before, after) in zip(before, after) {
      let proof = BalanceProof(
        address: after.address, parentHeader: parentHeader, before: before.accountProof,
        after: after.accountProof)
      do throws(BalanceProof.Failure) {
        changes[after.address] = Change(gain: try proof.gain(in: header), proof: proof)
      } catch {
        switch error {
        case .nonceChanged, .shrank: continue
        case .parentHeader, .notTheParent, .before, .after:
          throw .unusable("its proofs at \(block.text(.ethereum)): \(error)")
        }
      }
    }
    return changes
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
