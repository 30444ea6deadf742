package import Addresses
internal import Bytes
internal import Digests
internal import Keys
internal import Synchronization

/// An account with money whose key everyone knows.
package struct SimulatedAccount: Sendable {
  package let address: EthereumAddress
  let key: PrivateKey

  private static let accounts = Mutex<[Int: SimulatedAccount]>([:])

  /// The account of that number: its key is the hash of a text.
  package static func account(_ index: Int) -> SimulatedAccount {
    accounts.withLock { accounts in
      if let known = accounts[index] { return known }
      let account = derive(index)
      accounts[index] = account
      return account
    }
  }

  private static func derive(_ index: Int) -> SimulatedAccount {
    var secret = Keccak256.hash(Array("chainsim account \(index)".utf8))
    while true {
      let bytes = secret.bytes
      // Fails for one number in 2^128.
      if let key = try? PrivateKey(SecretBytes(copying: bytes.span.bytes)) {
        return SimulatedAccount(address: EthereumAddress(key.publicKey), key: key)
      }
      secret = Keccak256.hash(bytes)
    }
  }
}
