internal import Addresses
internal import Bytes
internal import ChainTracking
internal import Ethereum

/// The watched addresses, as a scan of a block asks for them.
struct WatchedAccounts: AddressWatching {
  let set: WatchSet

  func watches(_ address: EthereumAddress) -> Bool { ordinal(of: address) != nil }

  func ordinal(of address: EthereumAddress) -> UInt64? {
    var bytes = address.hash
    return withUnsafeBytes(of: &bytes) { set.ordinal(of: $0.bytes) }
  }
}
