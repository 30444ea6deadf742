package import Addresses
package import Bytes
internal import Digests

/// Structured data that wallets show before they sign it (EIP-712).
package enum TypedData {
  /// For which contract on which chain it is signed.
  package struct Domain: Hashable, Sendable {
    package let name: String
    package let version: String
    package let chainID: UInt64
    package let verifyingContract: EthereumAddress

    package init(
      name: String, version: String, chainID: UInt64, verifyingContract: EthereumAddress
    ) {
      self.name = name
      self.version = version
      self.chainID = chainID
      self.verifyingContract = verifyingContract
    }

    /// The domain's own struct, hashed.
    package var separator: Hash32 {
      TypedData.structHash(
        type: "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        words: [
          .string(name), .string(version), .number(UInt256(chainID)), .address(verifyingContract),
        ])
    }
  }

  /// A member's value, as 32 bytes.
  package enum Word: Hashable, Sendable {
    case number(UInt256)
    case address(EthereumAddress)
    case string(String)
    /// `bytes`, of whatever length.
    case bytes([UInt8])
    /// `bytes32`, or another struct's hash.
    case hash(Hash32)

    fileprivate var bytes: [UInt8] {
      switch self {
      case .number(let value): value.bigEndianBytes
      case .address(let address): [UInt8](repeating: 0, count: 12) + address.hash.bytes
      case .string(let text): Keccak256.hash(Array(text.utf8)).bytes
      case .bytes(let bytes): Keccak256.hash(bytes).bytes
      case .hash(let hash): hash.bytes
      }
    }
  }

  /// A struct hashed: its type, such as `Mail(address to,string text)` with the types it refers to
  /// behind it in alphabetical order, and its members in the type's order.
  package static func structHash(type: String, words: [Word]) -> Hash32 {
    Keccak256.hash(Keccak256.hash(Array(type.utf8)).bytes + words.flatMap(\.bytes))
  }

  /// What is signed.
  package static func hash(_ structHash: Hash32, domain: Domain) -> Hash32 {
    Keccak256.hash([0x19, 0x01] + domain.separator.bytes + structHash.bytes)
  }
}
