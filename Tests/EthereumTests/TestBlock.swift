import Addresses
import Bytes
import ChainTypes
import Digests
import Ethereum
import JSON
import Keys

/// A block that holds together, and a node's answers about it.
struct TestBlock {
  var header: EthereumHeader
  var transactions: [EthereumTransaction]
  var receipts: [EthereumReceipt]
  /// What the node says instead of the sender.
  var claimedSender: EthereumAddress?
  /// Members that the node adds to the block.
  var extraMembers: [JSONValue.Member] = []

  static let key = privateKey(7)

  private static func privateKey(_ byte: UInt8) -> PrivateKey {
    guard
      let key = try? PrivateKey(
        SecretBytes(copying: [UInt8](repeating: byte, count: 32).span.bytes))
    else { preconditionFailure("the number is a key") }
    return key
  }

  static func padded(_ byte: UInt8) -> Hash32 {
    Hash32(bytes: ([UInt8](repeating: 0, count: 31) + [byte]).span.bytes, at: 0)
  }

  static func payment(
    value: UInt256, to recipient: EthereumAddress? = nil, nonce: UInt64 = 3
  ) throws -> EthereumTransaction {
    EthereumTransaction(
      form: .dynamicFee(
        chainID: 1, .init(maxPriorityFeePerGas: UInt256(1), maxFeePerGas: UInt256(100)), []),
      nonce: nonce, gasLimit: 21_000,
      recipient: recipient ?? padded(0xaa).paddedAddress, value: value
    ).signed(by: key)
  }

  init(transactions: [EthereumTransaction], receipts: [EthereumReceipt]) {
    self.transactions = transactions
    self.receipts = receipts
    header = EthereumHeader(
      number: 20_000_000, parentHash: Keccak256.hash([1]), stateRoot: Keccak256.hash([2]),
      timestamp: 1_700_000_000)
    header.transactionsRoot = TrieRoot.root(of: transactions.map(\.encoded))
    header.receiptsRoot = TrieRoot.root(of: receipts.map(\.encoded))
    header.gasUsed = receipts.last?.cumulativeGasUsed ?? 0
    header.gasLimit = 30_000_000
    for receipt in receipts { header.logsBloom.formUnion(receipt.logsBloom) }
    header.baseFeePerGas = UInt256(7)
  }

  func proved() throws -> BlockProof {
    try BlockProof.verify(
      block: blockAnswer.span.bytes, receipts: receiptsAnswer.span.bytes, expecting: header.hash,
      profile: .ethereum)
  }

  // MARK: Answers

  var blockAnswer: [UInt8] {
    var members: [JSONValue.Member] = [
      .init("hash", hex(header.hash)), .init("parentHash", hex(header.parentHash)),
      .init("sha3Uncles", hex(header.ommersHash)), .init("miner", hex(header.beneficiary)),
      .init("stateRoot", hex(header.stateRoot)),
      .init("transactionsRoot", hex(header.transactionsRoot)),
      .init("receiptsRoot", hex(header.receiptsRoot)),
      .init("logsBloom", hex(header.logsBloom.bytes)), .init("difficulty", hex(header.difficulty)),
      .init("number", hex(header.number)), .init("gasLimit", hex(header.gasLimit)),
      .init("gasUsed", hex(header.gasUsed)), .init("timestamp", hex(header.timestamp)),
      .init("extraData", hex(header.extraData)), .init("mixHash", hex(header.mixHash)),
      .init("nonce", .string("0x0000000000000000")),
      .init("transactions", .array(transactions.map(json))),
    ]
    if let fee = header.baseFeePerGas { members.append(.init("baseFeePerGas", hex(fee))) }
    if let root = header.withdrawalsRoot {
      members += [.init("withdrawalsRoot", hex(root)), .init("withdrawals", .array([]))]
    }
    if let gas = header.blobGasUsed { members.append(.init("blobGasUsed", hex(gas))) }
    if let gas = header.excessBlobGas { members.append(.init("excessBlobGas", hex(gas))) }
    if let root = header.parentBeaconBlockRoot {
      members.append(.init("parentBeaconBlockRoot", hex(root)))
    }
    if let hash = header.requestsHash { members.append(.init("requestsHash", hex(hash))) }
    if let hash = header.blockAccessListHash {
      members.append(.init("blockAccessListHash", hex(hash)))
    }
    if let slot = header.slotNumber { members.append(.init("slotNumber", hex(slot))) }
    return JSONValue.object(members + extraMembers).bytes
  }

  var receiptsAnswer: [UInt8] { JSONValue.array(receipts.map(json)).bytes }

  private func json(_ transaction: EthereumTransaction) -> JSONValue {
    guard case .dynamicFee(let chainID, let caps, _) = transaction.form,
      let signature = transaction.signature
    else { return .null }
    return .object([
      .init("type", .string("0x2")), .init("chainId", hex(chainID)),
      .init("nonce", hex(transaction.nonce)),
      .init("maxPriorityFeePerGas", hex(caps.maxPriorityFeePerGas)),
      .init("maxFeePerGas", hex(caps.maxFeePerGas)), .init("gas", hex(transaction.gasLimit)),
      .init("to", transaction.recipient.map(hex) ?? .null),
      .init("value", hex(transaction.value)), .init("input", hex(transaction.input)),
      .init("accessList", .array([])), .init("v", hex(signature.isOdd ? 1 : 0 as UInt64)),
      .init("r", hex(signature.r)), .init("s", hex(signature.s)),
      .init("from", (claimedSender ?? transaction.sender).map(hex) ?? .null),
    ])
  }

  private func json(_ receipt: EthereumReceipt) -> JSONValue {
    let outcome: JSONValue.Member =
      switch receipt.outcome {
      case .succeeded: .init("status", .string("0x1"))
      case .failed: .init("status", .string("0x0"))
      case .stateRoot(let root): .init("root", hex(root))
      }
    let logs = receipt.logs.map { log in
      JSONValue.object([
        .init("address", hex(log.address)), .init("topics", .array(log.topics.map(hex))),
        .init("data", hex(log.data)), .init("logIndex", .string("0xbad")),
      ])
    }
    return .object([
      .init("type", hex(UInt64(receipt.type.rawValue))), outcome,
      .init("cumulativeGasUsed", hex(receipt.cumulativeGasUsed)),
      .init("logsBloom", hex(receipt.logsBloom.bytes)), .init("logs", .array(logs)),
    ])
  }

  private func hex(_ bytes: [UInt8]) -> JSONValue { .string("0x" + Hex.encode(bytes)) }
  private func hex(_ hash: Hash32) -> JSONValue { hex(hash.bytes) }
  private func hex(_ address: EthereumAddress) -> JSONValue { hex(address.hash.bytes) }
  private func hex(_ value: UInt64) -> JSONValue { .string("0x" + String(value, radix: 16)) }

  private func hex(_ value: UInt256) -> JSONValue {
    let digits = Hex.encode(value.bigEndianBytes).drop { $0 == "0" }
    return .string("0x" + (digits.isEmpty ? "0" : digits))
  }
}
