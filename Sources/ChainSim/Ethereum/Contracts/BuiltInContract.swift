internal import Addresses
internal import Bytes
internal import Digests
internal import Ethereum

/// The contracts of simulated chains. They are Swift: their code is a name that no EVM could run.
package enum BuiltInContract: String, Hashable, Sendable, CaseIterable {
  /// As USDC: a pause, a blacklist that stops both sides, minting, its proxy's
  /// `Upgraded` and `AdminChanged`.
  case usdCoin = "USDCoin"
  /// As USDT: no return value, a fee that logs a second Transfer, a blacklist whose funds can be
  /// destroyed without one, deprecation.
  case tether = "TetherToken"
  /// Worthless under USDC's name; it logs what it likes.
  case lookalike = "LookalikeToken"
  /// Moves ether by inner calls, in each way that must be told apart.
  case forwarder = "Forwarder"

  /// INVALID, so that nobody takes it for code, and the name.
  package var code: [UInt8] { [0xfe] + Array(rawValue.utf8) }

  init?(code: [UInt8]) {
    guard code.first == 0xfe else { return nil }
    self.init(rawValue: String(decoding: code.dropFirst(), as: UTF8.self))
  }

  func run(_ call: ContractContext, on execution: inout Execution) throws(Halt) -> [UInt8] {
    switch self {
    case .usdCoin: try USDCoin.run(call, on: &execution)
    case .tether: try TetherToken.run(call, on: &execution)
    case .lookalike: try LookalikeToken.run(call, on: &execution)
    case .forwarder: try Forwarder.run(call, on: &execution)
    }
  }
}

/// The storage of a contract, laid out as Solidity does it.
struct ContractStorage {
  let contract: EthereumAddress

  /// A field's slot.
  static func field(_ index: UInt64) -> Hash32 {
    Hash32(UInt256(index).bigEndianBytes) ?? .zero
  }

  /// The slot of an address's entry in a mapping.
  static func entry(_ key: EthereumAddress, of mapping: UInt64) -> Hash32 {
    Keccak256.hash(key.paddedWord.bytes + field(mapping).bytes)
  }

  /// The slot of a pair's entry in a mapping of mappings.
  static func entry(
    _ first: EthereumAddress, _ second: EthereumAddress, of mapping: UInt64
  ) -> Hash32 {
    Keccak256.hash(second.paddedWord.bytes + entry(first, of: mapping).bytes)
  }
}

/// Where the tokens keep what both have.
enum TokenSlot {
  static let owner = ContractStorage.field(0)
  static let paused = ContractStorage.field(1)
  static let totalSupply = ContractStorage.field(2)
  static let implementation = ContractStorage.field(5)
  static let basisPoints = ContractStorage.field(6)
  static let maximumFee = ContractStorage.field(7)
  /// Of TetherToken: where calls go once it is deprecated.
  static let successor = ContractStorage.field(8)
  /// Of TetherToken: who may hand on calls.
  static let legacy = ContractStorage.field(9)

  static func balance(of account: EthereumAddress) -> Hash32 {
    ContractStorage.entry(account, of: 3)
  }

  static func isBlacklisted(_ account: EthereumAddress) -> Hash32 {
    ContractStorage.entry(account, of: 4)
  }

  static func allowance(_ owner: EthereumAddress, _ spender: EthereumAddress) -> Hash32 {
    ContractStorage.entry(owner, spender, of: 10)
  }
}

/// A token at work: what USDCoin and TetherToken share.
struct TokenStorage {
  let call: ContractContext

  func read(_ key: Hash32, _ execution: inout Execution) throws(Halt) -> UInt256 {
    try execution.read(key, of: call.contract)
  }

  func write(_ word: UInt256, at key: Hash32, _ execution: inout Execution) throws(Halt) {
    try execution.write(word, at: key, of: call.contract)
  }

  func isSet(_ key: Hash32, _ execution: inout Execution) throws(Halt) -> Bool {
    try read(key, &execution) != .zero
  }

  func require(_ condition: Bool, _ reason: String?) throws(Halt) {
    guard condition else { throw .reverted(reason) }
  }

  func requireOwner(_ reason: String?, _ execution: inout Execution) throws(Halt) {
    try require(read(TokenSlot.owner, &execution) == UInt256(call.sender), reason)
  }

  /// Adds to a balance; a sum above 256 bits is reverted, as checked arithmetic does.
  func add(
    _ value: UInt256, to account: EthereumAddress, _ execution: inout Execution
  ) throws(Halt) {
    try add(value, at: TokenSlot.balance(of: account), &execution)
  }

  func add(_ value: UInt256, at key: Hash32, _ execution: inout Execution) throws(Halt) {
    let (sum, overflow) = try read(key, &execution).addingReportingOverflow(value)
    try require(!overflow, nil)
    try write(sum, at: key, &execution)
  }

  func subtract(
    _ value: UInt256, at key: Hash32, orRevertWith reason: String?, _ execution: inout Execution
  ) throws(Halt) {
    let (rest, underflow) = try read(key, &execution).subtractingReportingUnderflow(value)
    try require(!underflow, reason)
    try write(rest, at: key, &execution)
  }

  func emit(
    _ topics: [Hash32], data: [UInt8] = [], _ execution: inout Execution
  ) throws(Halt) {
    try execution.emit(EthereumLog(address: call.contract, topics: topics, data: data))
  }

  func emitTransfer(
    from sender: EthereumAddress, to recipient: EthereumAddress, _ value: UInt256,
    _ execution: inout Execution
  ) throws(Halt) {
    try execution.emit(.transfer(by: call.contract, from: sender, to: recipient, value))
  }
}
