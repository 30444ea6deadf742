internal import Addresses
internal import Bytes
internal import Database
internal import Keys

/// An account's address at one child index.
struct DerivedAddress: Sendable, Equatable {
  let index: UInt32
  /// What a chain's transfers are matched by: the output script, on EVM chains the address's 20
  /// bytes.
  let script: [UInt8]
  let text: String
}

extension DerivedAddress {
  fileprivate init(index: UInt32, _ address: BitcoinAddress) {
    self.init(index: index, script: address.output.scriptPubKey, text: address.text)
  }

  fileprivate init(index: UInt32, _ address: EthereumAddress) {
    self.init(index: index, script: address.hash.bytes, text: address.text)
  }
}

extension AccountKeys {
  /// The next `count` addresses from an index on, fewer at the end of all indexes, and the index
  /// behind them.
  func addresses(
    from first: Int64, count: Int, by derivation: ChildDerivation
  ) throws -> (addresses: [DerivedAddress], next: Int64) {
    var addresses: [DerivedAddress] = []
    var index = first
    while addresses.count < count, let start = UInt32(exactly: index),
      start < ChildNumber.indexEnd
    {
      // More than one turn only where BIP-0032 skips an index (once in 2^127).
      let missing = min(count - addresses.count, Int(ChildNumber.indexEnd - start))
      addresses += try derived(at: start..<start + UInt32(missing), by: derivation)
      index += Int64(missing)
    }
    return (addresses, index)
  }

  /// Without those that BIP-0032 skips.
  private func derived(
    at indexes: Range<UInt32>, by derivation: ChildDerivation
  ) throws(DerivationError) -> [DerivedAddress] {
    switch self {
    case .bitcoin(let descriptor):
      zip(indexes, try descriptor.addresses(at: indexes, by: derivation))
        .compactMap { index, address in address.map { DerivedAddress(index: index, $0) } }
    case .ethereum(let account):
      zip(indexes, try account.addresses(at: indexes, by: derivation))
        .compactMap { index, address in address.map { DerivedAddress(index: index, $0) } }
    }
  }

  /// The index of the first address that libsecp256k1 alone doesn't derive so; nil where all are
  /// right.
  func mismatch(among addresses: [DerivedAddress]) throws(DerivationError) -> UInt32? {
    for address in addresses {
      let expected =
        switch self {
        case .bitcoin(let descriptor):
          DerivedAddress(index: address.index, try descriptor.address(at: address.index))
        case .ethereum(let account):
          DerivedAddress(index: address.index, try account.address(at: address.index))
        }
      if address != expected { return address.index }
    }
    return nil
  }
}

extension AddressPool {
  /// Appends addresses to the family's list, from which watchers learn of them.
  /// - Parameter isTouched: never to be handed out
  static func append(
    _ addresses: [DerivedAddress], account: Int64, family: String, isTouched: Bool,
    in connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      "SELECT MAX(ordinal) AS last FROM addresses WHERE family = $1", [.text(family)])
    var ordinal = try row?.optionalInteger("last") ?? 0
    for address in addresses {
      ordinal += 1
      try connection.submit(
        """
        INSERT INTO addresses (family, ordinal, account_id, child_index, script, address, touched)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
          .text(family), .integer(ordinal), .integer(account), .integer(Int64(address.index)),
          .blob(address.script), .text(address.text), .flag(isTouched),
        ])
    }
  }
}
