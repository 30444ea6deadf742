internal import Addresses
internal import Bytes
internal import Ethereum

/// What one node says that calls in a block moved, and what that makes of accounts' ether together
/// with what is proved of the block. Everything is laid out by account once: a node may tell of a
/// million calls.
struct InnerTelling {
  /// To watched addresses.
  let arrivals: [EthereumTransfer]
  private let byRecipient: [EthereumAddress: [EthereumTransfer]]
  private let accounts: [EthereumAddress: Account]
  /// Who earns the block's fees.
  private let beneficiary: EthereumAddress

  private struct Account {
    /// Wei; nil once it is more than there can be.
    var received: UInt256? = .zero
    var hasGiven = false

    mutating func receive(_ value: UInt256) { received = try? received?.adding(value) }
  }

  /// What came in a transaction, whichever calls brought it: nodes number calls differently.
  struct Amount: Hashable {
    let txid: Hash32
    let value: UInt256
  }

  /// - Parameter direct: what transactions and logs moved from or to the watched addresses
  init(
    _ inner: InnerTransfers, beside direct: [EthereumTransfer], in proof: BlockProof,
    accounts watched: WatchedAccounts
  ) {
    arrivals = inner.transfers.filter { watched.watches($0.to) }
    byRecipient = Dictionary(grouping: arrivals, by: \.to)
    beneficiary = proof.header.beneficiary
    var accounts: [EthereumAddress: Account] = [:]
    for transfers in [direct, inner.transfers] {
      for transfer in transfers where transfer.contract == nil && !transfer.hasFailed {
        accounts[transfer.from, default: Account()].hasGiven = true
        accounts[transfer.to, default: Account()].receive(transfer.value)
      }
    }
    for withdrawal in proof.withdrawals {
      accounts[withdrawal.recipient, default: Account()].receive(withdrawal.value)
    }
    self.accounts = accounts
  }

  func arrivals(to address: EthereumAddress) -> [EthereumTransfer] { byRecipient[address] ?? [] }

  func recipients(ofAtLeast least: UInt256) -> [EthereumAddress] {
    arrivals.filter { $0.value >= least }.map(\.to)
  }

  /// How often each amount came.
  func amounts(to address: EthereumAddress) -> [Amount: Int] {
    arrivals(to: address).reduce(into: [:]) { counts, transfer in
      counts[Amount(txid: transfer.txid, value: transfer.value), default: 0] += 1
    }
  }

  /// Wei that the block brought to a watched account, as far as its transactions, their inner calls
  /// and its withdrawals tell. Nil for who earns the block's fees, and for who gave something away
  /// (an account whose nonce stays the same does so by code alone).
  func gain(of address: EthereumAddress) -> UInt256? {
    guard address != beneficiary else { return nil }
    let account = accounts[address] ?? Account()
    return account.hasGiven ? nil : account.received
  }
}
