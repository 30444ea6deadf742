package import Addresses
package import Bytes
internal import Digests

/// That a transaction stands in a block and what came of it there, by the branches of the block's
/// tries: whoever has the block's hash from elsewhere can check it.
package struct ExecutionProof: Hashable, Sendable {
  /// The block's, encoded.
  package let header: [UInt8]
  /// The transaction's place in the block.
  package let index: UInt32
  /// The nodes from the root of the transactions to this one.
  package let transactionNodes: [[UInt8]]
  /// The nodes from the root of the receipts to this transaction's.
  package let receiptNodes: [[UInt8]]
  /// What the block did to the balances of whom its calls paid; a trace has no root.
  package var balances: [BalanceProof]

  package init(
    header: [UInt8], index: UInt32, transactionNodes: [[UInt8]], receiptNodes: [[UInt8]],
    balances: [BalanceProof] = []
  ) {
    self.header = header
    self.index = index
    self.transactionNodes = transactionNodes
    self.receiptNodes = receiptNodes
    self.balances = balances
  }

  /// What holds where the block is one of the chain.
  package struct Execution: Hashable, Sendable {
    package let block: Hash32
    package let header: EthereumHeader
    package let txid: Hash32
    package let transaction: EthereumTransaction
    package let receipt: EthereumReceipt
    /// Wei by which balances grew in the block.
    package let gains: [EthereumAddress: UInt256]
  }

  package enum Failure: Error, Hashable, Sendable {
    case header(EthereumError)
    case transaction(TrieProofError)
    case receipt(TrieProofError)
    /// The block has no transaction in that place.
    case noTransaction
    case unreadable(EthereumError)
    case balance(EthereumAddress, BalanceProof.Failure)
  }

  /// How large it is, about.
  package var byteCount: Int {
    func size(_ nodes: [[UInt8]]) -> Int { nodes.reduce(0) { $0 + $1.count } }
    return balances.reduce(header.count + size(transactionNodes) + size(receiptNodes)) {
      $0 + $1.parentHeader.count + size($1.before) + size($1.after)
    }
  }

  /// Checks every branch up to the header.
  package func verify() throws(Failure) -> Execution {
    let header: EthereumHeader
    do {
      header = try EthereumHeader(rlp: self.header.span.bytes)
    } catch {
      throw .header(error)
    }
    let transaction = try Self.item(header.transactionsRoot, index, transactionNodes) {
      .transaction($0)
    }
    let receipt = try Self.item(header.receiptsRoot, index, receiptNodes) { .receipt($0) }
    var gains: [EthereumAddress: UInt256] = [:]
    for balance in balances {
      do throws(BalanceProof.Failure) {
        gains[balance.address] = try balance.gain(in: header)
      } catch {
        throw .balance(balance.address, error)
      }
    }
    do {
      return Execution(
        block: Keccak256.hash(self.header), header: header, txid: Keccak256.hash(transaction),
        transaction: try EthereumTransaction(encoded: transaction),
        receipt: try EthereumReceipt(encoded: receipt), gains: gains)
    } catch {
      throw .unreadable(error)
    }
  }

  private static func item(
    _ root: Hash32, _ index: UInt32, _ nodes: [[UInt8]], _ failure: (TrieProofError) -> Failure
  ) throws(Failure) -> [UInt8] {
    let item: [UInt8]?
    do {
      item = try TrieProof.verify(root: root, index: index, proof: nodes)
    } catch {
      throw failure(error)
    }
    guard let item else { throw .noTransaction }
    return item
  }
}

extension ExecutionProof.Execution {
  /// Whether the transaction moved `value` there, in the position that is named: by itself, or by
  /// the log of a token. What calls move, `gains` alone shows.
  package func moved(
    _ value: UInt256, of contract: EthereumAddress?, to recipient: EthereumAddress,
    at position: EthereumTransfer.Position
  ) -> Bool {
    guard receipt.outcome == .succeeded else { return false }
    switch position {
    case .value:
      return contract == nil && transaction.recipient == recipient && transaction.value == value
    case .log(let index):
      guard receipt.logs.indices.contains(Int(index)),
        let transfer = TokenTransfer(receipt.logs[Int(index)])
      else { return false }
      return transfer.contract == contract && transfer.to == recipient && transfer.value == value
    case .trace: return false
    }
  }
}

/// An account before and after a block, by the branches of the state tries of its parent and of
/// itself.
package struct BalanceProof: Hashable, Sendable {
  package let address: EthereumAddress
  /// The parent block's, encoded.
  package let parentHeader: [UInt8]
  package let before: [[UInt8]]
  package let after: [[UInt8]]

  package init(
    address: EthereumAddress, parentHeader: [UInt8], before: [[UInt8]], after: [[UInt8]]
  ) {
    self.address = address
    self.parentHeader = parentHeader
    self.before = before
    self.after = after
  }

  package enum Failure: Error, Hashable, Sendable {
    case parentHeader(EthereumError)
    /// The header isn't the parent's.
    case notTheParent(Hash32)
    case before(TrieProofError)
    case after(TrieProofError)
    /// The account sent something, and so paid for gas: its balance says nothing.
    case nonceChanged
    case shrank
  }

  /// Wei by which the balance grew in the block with that header, while its nonce stayed.
  package func gain(in header: EthereumHeader) throws(Failure) -> UInt256 {
    let parent: EthereumHeader
    do {
      parent = try EthereumHeader(rlp: parentHeader.span.bytes)
    } catch {
      throw .parentHeader(error)
    }
    guard parent.hash == header.parentHash else { throw .notTheParent(parent.hash) }
    let old: AccountState
    let new: AccountState
    do {
      old = try AccountState.verify(stateRoot: parent.stateRoot, address: address, proof: before)
    } catch {
      throw .before(error)
    }
    do {
      new = try AccountState.verify(stateRoot: header.stateRoot, address: address, proof: after)
    } catch {
      throw .after(error)
    }
    guard old.nonce == new.nonce else { throw .nonceChanged }
    guard new.balance >= old.balance else { throw .shrank }
    return new.balance.subtractingOrZero(old.balance)
  }
}
