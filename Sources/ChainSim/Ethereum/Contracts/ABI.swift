package import Addresses
package import Bytes
internal import Digests

/// The contract ABI, as far as the built-in contracts need it: words, and one array of addresses.
package enum ABI {
  /// A function's call: the first four bytes of its signature's hash, and its arguments.
  package static func call(_ signature: String, _ arguments: [Argument] = []) -> [UInt8] {
    var head: [UInt8] = []
    var tail: [UInt8] = []
    for argument in arguments {
      switch argument {
      case .address(let address): head += address.paddedWord.bytes
      case .number(let number): head += number.bigEndianBytes
      case .addresses(let addresses):
        head += UInt256(UInt64(32 * arguments.count + tail.count)).bigEndianBytes
        tail += UInt256(UInt64(addresses.count)).bigEndianBytes
        for address in addresses { tail += address.paddedWord.bytes }
      }
    }
    return selector(signature) + head + tail
  }

  package enum Argument: Hashable, Sendable {
    case address(EthereumAddress)
    case number(UInt256)
    case addresses([EthereumAddress])
  }

  package static func selector(_ signature: String) -> [UInt8] {
    Array(Keccak256.hash(Array(signature.utf8)).bytes.prefix(4))
  }

  /// The topic of an event's signature.
  static func topic(_ signature: String) -> Hash32 { Keccak256.hash(Array(signature.utf8)) }

  /// What a string is returned as.
  static func string(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    let padding = [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32)
    return UInt256(32).bigEndianBytes + UInt256(UInt64(bytes.count)).bigEndianBytes + bytes
      + padding
  }

  /// What `revert(reason)` returns: a call of `Error(string)`.
  static func revert(reason: String) -> [UInt8] { [0x08, 0xc3, 0x79, 0xa0] + string(reason) }
}

extension EthereumAddress {
  /// 32 bytes with zeros in front, as words of the ABI and topics hold an address.
  package var paddedWord: Hash32 {
    let bytes = [UInt8](repeating: 0, count: 12) + hash.bytes
    return Hash32(bytes: bytes.span.bytes, at: 0)
  }
}

extension UInt256 {
  init(_ address: EthereumAddress) {
    let word = address.paddedWord.bytes
    self = UInt256(bigEndian: word) ?? .zero
  }
}

/// The functions of a contract by their selectors; their signatures are the raw values.
struct FunctionTable<Function: RawRepresentable & CaseIterable & Sendable>: Sendable
where Function.RawValue == String {
  private let functions: [[UInt8]: Function]

  init() {
    functions = Dictionary(
      uniqueKeysWithValues: Function.allCases.map { (ABI.selector($0.rawValue), $0) })
  }

  subscript(input: [UInt8]) -> Function? { functions[Array(input.prefix(4))] }
}

/// A call that a contract answers.
struct ContractContext {
  /// Whose storage and balance it works on.
  let contract: EthereumAddress
  let sender: EthereumAddress
  let value: UInt256
  let input: [UInt8]

  /// The argument at `index`, a word behind the selector.
  func number(_ index: Int) throws(Halt) -> UInt256 {
    let start = 4 + 32 * index
    guard start + 32 <= input.count, let word = UInt256(bigEndian: input[start..<start + 32])
    else { throw .noSuchFunction }
    return word
  }

  func address(_ index: Int) throws(Halt) -> EthereumAddress {
    let word = Hash32(try number(index).bigEndianBytes) ?? .zero
    guard let address = word.address else { throw .noSuchFunction }
    return address
  }

  /// The array whose offset stands at `index`; at most 64 addresses.
  func addresses(_ index: Int) throws(Halt) -> [EthereumAddress] {
    guard let offset = try number(index).asUInt64, offset % 32 == 0, offset < 1 << 20 else {
      throw .noSuchFunction
    }
    let place = Int(offset / 32)
    guard let count = try number(place).asUInt64, count <= 64 else { throw .noSuchFunction }
    var addresses: [EthereumAddress] = []
    for element in 0..<Int(count) { addresses.append(try address(place + 1 + element)) }
    return addresses
  }
}

extension Hash32 {
  /// The address in the last 20 bytes; nil where the first twelve aren't zero.
  fileprivate var address: EthereumAddress? {
    let bytes = bytes
    guard bytes.prefix(12).allSatisfy({ $0 == 0 }) else { return nil }
    return EthereumAddress(Hash20(bytes: bytes.span.bytes, at: 12))
  }
}
