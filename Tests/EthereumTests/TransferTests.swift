import Addresses
import Bytes
import Digests
import Ethereum
import JSON
import Testing

@Suite("transfers")
struct TransferTests {
  static let usdt = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
  static let usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"

  /// What an independent decoder found, with the log's index in its block.
  private static func expected(_ file: String) throws -> [[String]] {
    let rows = try RealAnswers.json("mainnet/" + file).elements ?? []
    return try rows.map { row in
      [
        try row.text("tx"), String(try row.decimal("logIndex")), try row.text("token"),
        try row.text("from"), try row.text("to"), try row.text("value"),
      ]
    }
  }

  private static func symbol(_ contract: EthereumAddress) -> String? {
    [usdt: "USDT", usdc: "USDC"][contract.text]
  }

  @Test("mainnet 21925176: every USDC and USDT transfer is found in the proved receipts")
  func provedTransfers() throws {
    let proof = try RealBlock.mainnet21925176().proved()
    var firstLog: [Int] = []
    var count = 0
    for index in 0..<proof.transactionCount {
      firstLog.append(count)
      count += try #require(try proof.receipt(at: index)).logs.count
    }
    let found = try proof.transfers(watching: WatchingAll()).compactMap { transfer -> [String]? in
      guard let contract = transfer.contract, let symbol = Self.symbol(contract),
        case .log(let position) = transfer.position
      else { return nil }
      return [
        "0x" + transfer.txid.hex, String(firstLog[transfer.transactionIndex] + Int(position)),
        symbol, transfer.from.text, transfer.to.text, transfer.value.decimal,
      ]
    }
    let expected = try Self.expected("transfers-21925176.json.gz")
    #expect(expected.count == 66)
    #expect(found == expected)
  }

  @Test("mainnet 18000000: the transfers that a node claims, with the bloom of all its logs")
  func claimedTransfers() throws {
    let answers = try RealAnswers.results(RealAnswers.bytes("mainnet/logs-18000000.json.gz"))
    #expect(answers.count == 2)
    let logs = answers[1]
    let header = try RealBlock.mainnet18000000().proved().header
    let answer = try ClaimedTransfer.all(
      in: logs.span.bytes, watching: WatchingAll(), computingBloom: true)
    #expect(answer.logCount == 291)
    #expect(answer.logsBloom == header.logsBloom)
    let found = answer.transfers.compactMap { claim -> [String]? in
      guard let symbol = Self.symbol(claim.transfer.contract) else { return nil }
      #expect(claim.blockNumber == 18_000_000)
      #expect(claim.blockHash == header.hash)
      return [
        "0x" + claim.transactionHash.hex, String(claim.logIndex), symbol,
        claim.transfer.from.text, claim.transfer.to.text, claim.transfer.value.decimal,
      ]
    }
    let expected = try Self.expected("transfers-18000000.json.gz")
    #expect(expected.count == 58)
    #expect(found == expected)
    #expect(answer.transfers.contains { $0.transfer.value == .zero })
  }

  /// A block of one type-2 transaction that succeeded with `logs`.
  private static func proof(
    of transactions: [EthereumTransaction], _ receipts: [EthereumReceipt]
  ) throws -> BlockProof {
    let block = TestBlock(transactions: transactions, receipts: receipts)
    return try block.proved()
  }

  private static func transfers(
    of transaction: EthereumTransaction, outcome: EthereumReceipt.Outcome = .succeeded,
    logs: [EthereumLog] = []
  ) throws -> [EthereumTransfer] {
    let receipt = EthereumReceipt(
      type: transaction.type, outcome: outcome, cumulativeGasUsed: 21_000, logs: logs)
    return try proof(of: [transaction], [receipt]).transfers(watching: WatchingAll())
  }

  @Test(
    "ether moves where the transaction succeeded, and would have where it failed, to another account"
  )
  func valueTransfers() throws {
    let payment = try TestBlock.payment(value: UInt256(5))
    let found = try Self.transfers(of: payment)
    #expect(found.map(\.position) == [.value])
    #expect(found.first?.value == UInt256(5))
    #expect(found.first?.from == payment.sender)
    #expect(found.first?.to == payment.recipient)
    #expect(found.first?.txid == payment.hash)
    #expect(found.first?.contract == nil)
    #expect(found.first?.hasFailed == false)
    let failed = try Self.transfers(of: payment, outcome: .failed)
    #expect(failed.map(\.value) == [UInt256(5)] && failed.first?.hasFailed == true)
    #expect(try Self.transfers(of: payment, outcome: .stateRoot(.zero)) == [])
    #expect(try Self.transfers(of: TestBlock.payment(value: .zero)) == [])
    let own = try TestBlock.payment(value: UInt256(5), to: payment.sender)
    #expect(try Self.transfers(of: own) == [])
    #expect(try Self.transfers(of: TestBlock.payment(value: .max)).first?.value == .max)
  }

  @Test("a contract's creation pays nobody")
  func creations() throws {
    var creation = try TestBlock.payment(value: UInt256(5))
    creation.recipient = nil
    #expect(try Self.transfers(of: creation.signed(by: TestBlock.key)) == [])
  }

  @Test("the sender is the signature's, whomever the node names")
  func claimedSender() throws {
    let payment = try TestBlock.payment(value: UInt256(5))
    let receipt = EthereumReceipt(
      type: payment.type, outcome: .succeeded, cumulativeGasUsed: 21_000, logs: [])
    var block = TestBlock(transactions: [payment], receipts: [receipt])
    block.claimedSender = payment.recipient
    let proof = try block.proved()
    #expect(try proof.transfers(watching: WatchingAll()).map(\.from) == [payment.sender])
  }

  @Test("a Transfer has three topics, 32 bytes of data and padded addresses")
  func strictTransfers() throws {
    let from = TestBlock.padded(1)
    let to = TestBlock.padded(2)
    let data = [UInt8](repeating: 0, count: 31) + [9]
    let token = try EthereumAddress(Self.usdt)
    func count(
      _ topics: [Hash32], _ data: [UInt8], at contract: EthereumAddress = token
    ) throws -> Int {
      let log = EthereumLog(address: contract, topics: topics, data: data)
      let found = try Self.transfers(of: TestBlock.payment(value: .zero), logs: [log])
      #expect(found.isEmpty == (TokenTransfer(log) == nil))
      return found.count
    }
    let topic = TokenTransfer.topic
    #expect(try count([topic, from, to], data) == 1)
    #expect(try count([topic, from, to, from], data) == 0, "an ERC-721 has four topics")
    #expect(try count([topic, from], data) == 0)
    #expect(try count([], data) == 0)
    #expect(try count([topic, from, to], []) == 0)
    #expect(try count([topic, from, to], data + [0]) == 0)
    #expect(try count([topic, from, to], Array(data.dropFirst())) == 0)
    #expect(try count([Keccak256.hash([]), from, to], data) == 0)
    for position in 0..<12 {
      var bytes = to.bytes
      bytes[position] = 1
      let loose = try #require(Hash32(bytes))
      #expect(try count([topic, from, loose], data) == 0, "padding byte \(position)")
      #expect(try count([topic, loose, to], data) == 0, "padding byte \(position)")
    }
    #expect(
      try count([topic, from, to], data, at: TokenTransfer.systemAddress) == 0,
      "ether's own log since EIP-7708 is the same value a second time")
  }

  @Test("a look-alike token's transfer is told with its own contract, a zero value as such")
  func anyEmitter() throws {
    let fake = try EthereumAddress("0x00000000000000000000000000000000DeaDBeef")
    let log = EthereumLog(
      address: fake, topics: [TokenTransfer.topic, TestBlock.padded(1), TestBlock.padded(2)],
      data: [UInt8](repeating: 0, count: 32))
    let found = try Self.transfers(of: TestBlock.payment(value: .zero), logs: [log])
    #expect(found.map(\.contract) == [fake])
    #expect(found.map(\.value) == [.zero])
  }

  @Test("a log's position is counted within its transaction")
  func positions() throws {
    let transfer = EthereumLog(
      address: try EthereumAddress(Self.usdc),
      topics: [TokenTransfer.topic, TestBlock.padded(1), TestBlock.padded(2)],
      data: [UInt8](repeating: 255, count: 32))
    let other = EthereumLog(address: transfer.address, topics: [], data: [1, 2, 3])
    let payments = try [3, 4].map { try TestBlock.payment(value: .zero, nonce: $0) }
    let receipts = [[other, transfer], [other, other, transfer, transfer]].enumerated().map {
      EthereumReceipt(
        type: .dynamicFee, outcome: .succeeded, cumulativeGasUsed: 21_000 * UInt64($0.offset + 1),
        logs: $0.element)
    }
    let found = try Self.proof(of: payments, receipts).transfers(watching: WatchingAll())
    #expect(found.map(\.position) == [.log(1), .log(2), .log(3)])
    #expect(found.map(\.txid) == [payments[0].hash, payments[1].hash, payments[1].hash])
    #expect(found.map(\.value) == [.max, .max, .max])
    #expect(found.map(\.position.description) == ["log:1", "log:2", "log:3"])
  }

  @Test("a failed transaction's logs, which no honest block has, move nothing")
  func failedLogs() throws {
    let log = EthereumLog(
      address: try EthereumAddress(Self.usdt),
      topics: [TokenTransfer.topic, TestBlock.padded(1), TestBlock.padded(2)],
      data: [UInt8](repeating: 1, count: 32))
    let payment = try TestBlock.payment(value: .zero)
    #expect(try Self.transfers(of: payment, logs: [log]).count == 1)
    #expect(try Self.transfers(of: payment, outcome: .failed, logs: [log]) == [])
  }

  @Test("only what watched accounts send or receive is found")
  func watching() throws {
    struct One: AddressWatching {
      let address: EthereumAddress
      func watches(_ address: EthereumAddress) -> Bool { address == self.address }
    }
    let proof = try RealBlock.mainnet21925176().proved()
    let all = try proof.transfers(watching: WatchingAll())
    let address = try #require(all.first?.to)
    let found = try proof.transfers(watching: One(address: address))
    #expect(found == all.filter { $0.to == address || $0.from == address })
    let nobody = One(address: try EthereumAddress("0x0000000000000000000000000000000000000bad"))
    #expect(try proof.transfers(watching: nobody) == [])
  }
}
