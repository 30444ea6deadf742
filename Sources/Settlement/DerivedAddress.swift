internal import Addresses
internal import Bytes
internal import Database
internal import Keys

/// An account's address at one child index.
struct DerivedAddress: Sendable {
  let index: UInt32
  /// What a chain's transfers are matched by: the output script, on EVM chains the address's 20
  /// bytes.
  let script: [UInt8]
  let text: String
}

extension AccountKeys {
  /// The next `count` addresses from an index on, fewer at the end of all indexes, and the index
  /// behind them.
  func addresses(
    from first: Int64, count: Int
  ) throws -> (addresses: [DerivedAddress], next: Int64) {
    var addresses: [DerivedAddress] = []
    var index = first
    while addresses.count < count, index < Int64(ChildNumber.indexEnd),
      let child = UInt32(exactly: index)
    {
      index += 1
      do {
        addresses.append(try address(at: child))
      } catch .skipIndex {
        // BIP-0032: this index has no valid key (once in 2^127); the next one has.
        continue
      }
    }
    return (addresses, index)
  }

  private func address(at index: UInt32) throws(DerivationError) -> DerivedAddress {
    switch self {
    case .bitcoin(let descriptor):
      let address = try descriptor.address(at: index)
      return DerivedAddress(
        index: index, script: address.output.scriptPubKey, text: address.text)
    case .ethereum(let account):
      let address = try account.address(at: index)
      return DerivedAddress(index: index, script: address.hash.bytes, text: address.text)
    }
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
