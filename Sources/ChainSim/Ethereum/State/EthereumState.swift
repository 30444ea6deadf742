package import Addresses
package import Bytes
internal import Digests
package import Ethereum

/// All accounts of a chain after one block, with what contracts have stored.
package struct EthereumState: Sendable {
  private var accounts = StateTrie()
  private var storage: [EthereumAddress: StateTrie] = [:]
  private var codes: [Hash32: [UInt8]] = [:]

  /// A word of a contract's storage.
  struct Slot: Hashable {
    let contract: EthereumAddress
    let key: Hash32
  }

  /// What a block changes.
  struct Changes {
    var accounts: [EthereumAddress: AccountState] = [:]
    var words: [Slot: UInt256] = [:]
    var codes: [Hash32: [UInt8]] = [:]
  }

  package var root: Hash32 { accounts.root }

  package func account(_ address: EthereumAddress) -> AccountState {
    guard let value = accounts[Self.key(address)], let account = try? AccountState(rlp: value)
    else { return .absent }
    return account
  }

  package func code(of address: EthereumAddress) -> [UInt8] {
    let hash = account(address).codeHash
    return hash == AccountState.emptyCodeHash ? [] : code(hash)
  }

  func code(_ hash: Hash32) -> [UInt8] { codes[hash] ?? [] }

  package func word(_ key: Hash32, of contract: EthereumAddress) -> UInt256 {
    guard let value = storage[contract]?[Keccak256.hash(key.bytes)] else { return .zero }
    return (try? RLPReader.number(in: value)) ?? .zero
  }

  /// The trie's nodes that prove the account (EIP-1186).
  package func proof(of address: EthereumAddress) -> [[UInt8]] {
    accounts.proof(of: Self.key(address))
  }

  package func proof(of key: Hash32, in contract: EthereumAddress) -> [[UInt8]] {
    storage[contract]?.proof(of: Keccak256.hash(key.bytes)) ?? []
  }

  mutating func apply(_ changes: Changes) {
    codes.merge(changes.codes) { $1 }
    var accountChanges = changes.accounts
    var words: [EthereumAddress: [StateTrie.Change]] = [:]
    for (slot, word) in changes.words {
      words[slot.contract, default: []].append(
        StateTrie.Change(
          key: Keccak256.hash(slot.key.bytes), value: word == .zero ? nil : Self.encoded(word)))
    }
    for (contract, changes) in words {
      let trie = storage[contract, default: StateTrie()].updating(changes)
      storage[contract] = trie
      let account = accountChanges[contract] ?? account(contract)
      accountChanges[contract] = AccountState(
        nonce: account.nonce, balance: account.balance, storageRoot: trie.root,
        codeHash: account.codeHash)
    }
    accounts = accounts.updating(
      accountChanges.map { address, account in
        // An account with nothing in it isn't part of the state (EIP-161).
        StateTrie.Change(
          key: Self.key(address), value: account == .absent ? nil : account.rlp)
      })
  }

  private static func key(_ address: EthereumAddress) -> Hash32 {
    Keccak256.hash(address.hash.bytes)
  }

  private static func encoded(_ word: UInt256) -> [UInt8] {
    var writer = RLPWriter()
    writer.append(word)
    return writer.bytes
  }
}

extension RLPReader {
  fileprivate static func number(in bytes: [UInt8]) throws(RLPError) -> UInt256 {
    var reader = RLPReader(bytes.span.bytes)
    return try reader.readUInt256()
  }
}
