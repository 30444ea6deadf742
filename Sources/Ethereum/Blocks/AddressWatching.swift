package import Addresses

/// Knows which accounts a scan looks for.
///
/// The question is asked for both ends of every transfer of a block: answer from memory, without
/// allocating.
package protocol AddressWatching {
  func watches(_ address: EthereumAddress) -> Bool
}
