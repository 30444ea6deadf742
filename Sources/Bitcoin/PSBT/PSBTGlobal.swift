internal import Bytes
internal import Keys

/// The types of the global map, and their checks.
enum PSBTGlobal {
  static let unsignedTransaction: UInt8 = 0x00
  private static let extendedKey: UInt8 = 0x01
  /// The fields of version 2 (BIP-0370), which version 0 must not have.
  private static let versionTwo: ClosedRange<UInt8> = 0x02...0x06
  private static let version: UInt8 = 0xfb

  /// The unsigned transaction, when the whole map was checked.
  static func transaction(of map: PSBTMap) throws(PSBTError) -> Transaction {
    for entry in map.entries {
      let key = PSBTMap.shown(entry.key)
      switch entry.key[0] {
      case unsignedTransaction, version, versionTwo:
        guard entry.key.count == 1, !versionTwo.contains(entry.key[0]) else {
          throw .invalidKey(.global, key: key)
        }
      case extendedKey:
        // An extended key's fifth byte is its depth, and its last 33 are the public key.
        guard entry.key.count == 79, isPublicKey(entry.key.suffix(33)) else {
          throw .invalidKey(.global, key: key)
        }
        guard entry.value.count == 4 + 4 * Int(entry.key[5]) else {
          throw .invalidValue(.global, key: key)
        }
      default: break
      }
    }
    if let value = map[[version]] {
      guard value.count == 4 else { throw .invalidValue(.global, key: "fb") }
      let number = value.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      guard number == 0 else { throw .unsupportedVersion(number) }
    }
    guard let bytes = map[[unsignedTransaction]] else { throw .noTransaction }
    let transaction: Transaction
    do {
      transaction = try Transaction(unfinished: bytes.span.bytes)
    } catch {
      throw .invalidTransaction(error)
    }
    for (index, input) in transaction.inputs.enumerated() where !input.scriptSig.isEmpty {
      throw .scriptInTransaction(input: index)
    }
    return transaction
  }

  static func isPublicKey(_ bytes: ArraySlice<UInt8>) -> Bool {
    (try? PublicKey(Array(bytes))) != nil
  }
}
