package import Addresses
package import Bytes
internal import Ethereum

/// The transactions that wait for a block: of each account one for each nonce.
package struct EthereumMempool: Sendable {
  private var entries: [Hash32: Entry] = [:]
  private var bySender: [EthereumAddress: [UInt64: Hash32]] = [:]
  private var nextOrder: UInt64 = 0

  private struct Entry: Sendable {
    let known: KnownEthereumTransaction
    /// Grows with each that comes.
    let order: UInt64
  }

  package var count: Int { entries.count }

  package subscript(hash: Hash32) -> KnownEthereumTransaction? { entries[hash]?.known }

  /// In the order they came, but of each account by nonce.
  package var ordered: [KnownEthereumTransaction] {
    var placed: [(order: UInt64, known: KnownEthereumTransaction)] = []
    placed.reserveCapacity(entries.count)
    for hashes in bySender.values {
      let byNonce = hashes.sorted { $0.key < $1.key }.compactMap { entries[$0.value] }
      // The places of an account's transactions stay; its lowest nonce takes the first of them.
      let orders = byNonce.map(\.order).sorted()
      for (entry, order) in zip(byNonce, orders) { placed.append((order, entry.known)) }
    }
    return placed.sorted { $0.order < $1.order }.map(\.known)
  }

  /// The transaction that has the account's nonce.
  func rival(of known: KnownEthereumTransaction) -> KnownEthereumTransaction? {
    bySender[known.sender]?[known.transaction.nonce].flatMap { self[$0] }
  }

  /// The account's next nonce after those that wait without a gap from `nonce` on.
  package func nextNonce(of account: EthereumAddress, from nonce: UInt64) -> UInt64 {
    guard let waiting = bySender[account] else { return nonce }
    var next = nonce
    while waiting[next] != nil { next += 1 }
    return next
  }

  /// Adds a checked transaction in place of the one that has its nonce.
  mutating func insert(_ known: KnownEthereumTransaction) {
    if let rival = rival(of: known) { remove(rival.hash) }
    entries[known.hash] = Entry(known: known, order: nextOrder)
    bySender[known.sender, default: [:]][known.transaction.nonce] = known.hash
    nextOrder += 1
  }

  @discardableResult
  mutating func remove(_ hash: Hash32) -> KnownEthereumTransaction? {
    guard let known = entries.removeValue(forKey: hash)?.known else { return nil }
    bySender[known.sender]?[known.transaction.nonce] = nil
    if bySender[known.sender]?.isEmpty == true { bySender[known.sender] = nil }
    return known
  }

  /// Takes out those whose nonce the account has used by now.
  mutating func removeUsed(_ accounts: some Sequence<EthereumAddress>, in state: EthereumState) {
    for account in accounts {
      guard let waiting = bySender[account] else { continue }
      let next = state.account(account).nonce
      for (nonce, hash) in waiting where nonce < next { remove(hash) }
    }
  }

  mutating func removeAll() {
    entries = [:]
    bySender = [:]
  }
}
