import Addresses
import Bytes
import ChainTypes
import Ethereum
import JSON
import Testing

/// Blocks of chains of the OP stack, and receipts whose root is known, by the forks that changed
/// how they are encoded (specs.optimism.io).
@Suite("blocks of the OP stack")
struct OPStackBlockTests {
  /// The root of an answer to `eth_getBlockReceipts`.
  private static func root(of receipts: [JSONValue]) throws -> String {
    let encoded = try receipts.map { receipt in
      let json = receipt.bytes
      return try EthereumReceipt(json: json.span.bytes).encoded
    }
    return TrieRoot.root(of: encoded).hex
  }

  private static func receipts(_ path: String) throws -> [JSONValue] {
    let answer = try RealAnswers.json(path)
    return try #require(answer.elements)
  }

  @Test("Base 4999983, before Canyon: header, transactions and receipts are what the hash covers")
  func base() throws {
    let block = try RealBlock.base()
    let proof = try block.proved()
    #expect(
      proof.hash.hex == "aa6741346f8f812a3cf24f68193bd8d784618a57c782908534c97b37d345a5cc")
    #expect(proof.header.withdrawalsRoot == nil)
    try block.checkTransactions(of: proof)
    try block.checkReceipts(of: proof)
    let types = try (0..<proof.transactionCount).map { try proof.transaction(at: $0)?.type }
    #expect(types.count == 8)
    #expect(types.first == .deposit)
    #expect(Set(types) == [.deposit, .legacy, .dynamicFee])
    #expect(try proof.receipt(at: 0)?.deposit == nil)

    let transfers = try proof.transfers(watching: WatchingAll())
    #expect(
      transfers.map(\.value.decimal) == [
        "706964899278176643945", "706601842", "1998399545581573", "3264710",
      ])
    let bridged = transfers[1]
    #expect(bridged.contract?.text == "0xd9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA")
    #expect(bridged.from.text == "0xEEc019764ca2098a93E0177A3AE02a5bEc599756")
    #expect(bridged.transactionIndex == 4)
    #expect(bridged.position == .log(1))
  }

  @Test("OP Goerli before Canyon: a deposit's nonce is told, and isn't under the receipts' root")
  func nonceBeforeCanyon() throws {
    var receipts = try Self.receipts("optimism/goerli-receipts.json")
    #expect(receipts.first?["depositNonce"]?.string == "0x3d3bbf")
    let root = "e255fed45eae7ede0556fe4fabc77b0d294d18781a5a581cab09127bc4cd9ffb"
    #expect(try Self.root(of: receipts) == root)
    receipts[0] = try receipts[0].replacing("depositNonce", with: "0x1")
    #expect(try Self.root(of: receipts) == root)
  }

  @Test("Base 10000024, after Canyon: a deposit's nonce and version are under the receipts' root")
  func nonceSinceCanyon() throws {
    let receipts = try Self.receipts("base/receipts-10000024.json")
    #expect(receipts.count == 2)
    let root = "33e5bcb90f149989124d9e02d6aa4d949da3b51a12c77434bcd2144b764beb82"
    #expect(try Self.root(of: receipts) == root)
    for member in ["depositNonce", "depositReceiptVersion"] {
      var changed = receipts
      changed[0] = try receipts[0].replacing(member, with: "0x2")
      #expect(try Self.root(of: changed) != root, "\(member)")
    }
    var withheld = receipts
    withheld[0] = try receipts[0].replacing("depositReceiptVersion", with: nil)
    #expect(try Self.root(of: withheld) != root)
  }

  @Test("Unichain Sepolia 35535698, with Isthmus: a block and its receipts are proved whole")
  func isthmus() throws {
    let block = try RealBlock.unichainSepolia()
    let proof = try block.proved()
    #expect(
      proof.hash.hex == "c463a3120c35268f610d969f5608b479332ef10953af77c7a6be806195831196")
    try block.checkTransactions(of: proof)
    try block.checkReceipts(of: proof)
    #expect(proof.transactionCount == 6)
    #expect(try proof.receipt(at: 0)?.deposit == .init(nonce: 35_535_698, version: 1))
    #expect(proof.withdrawals == [], "the root is that of a contract's storage")
    #expect(proof.header.withdrawalsRoot != TrieRoot.empty)
    // The SHA-256 of nothing: no requests (EIP-7685).
    #expect(
      proof.header.requestsHash?.hex
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    // The version of Holocene's fields, 0, and its denominator 50 and elasticity 12.
    #expect(Hex.encode(proof.header.extraData) == "00000000320000000c")
    let header = proof.header.rlp
    #expect(try EthereumHeader(rlp: header.span.bytes) == proof.header)
  }

  @Test("a node that withholds or changes what Canyon added is found out")
  func liesAboutDeposits() throws {
    let block = try RealBlock.unichainSepolia()
    let proof = try block.proved()
    let answer = try JSONValue(parsing: #require(block.receipts))
    let receipts = try #require(answer.elements)
    for (member, value) in [
      ("depositReceiptVersion", nil), ("depositNonce", "0x21e3b53"), ("depositNonce", nil),
      ("depositReceiptVersion", "0x0"),
    ] {
      let changed = try [receipts[0].replacing(member, with: value)] + receipts.dropFirst()
      let answer = JSONValue.array(changed).bytes
      var other = proof
      #expect(throws: BlockProofError.self, "\(member)") {
        try other.prove(receipts: answer.span.bytes)
      }
    }
  }

  @Test("OP Mainnet 157796868: the hash covers Jovian's header, where calldata counts as blob gas")
  func jovian() throws {
    let block = try RealBlock.optimismJovian()
    let proof = try block.proved()
    #expect(
      proof.hash.hex == "75178017f864ca82f39e596f24e443904588fe345d690d3b056959e8be173e4d")
    #expect(proof.transactionCount == 28)
    #expect(proof.transactions == nil)
    #expect(proof.header.blobGasUsed == 1_948_400)
    #expect(proof.header.excessBlobGas == 0)
    // Version 1, and the minimum base fee behind denominator and elasticity.
    #expect(Hex.encode(proof.header.extraData) == "01000000fa000000020000000000000000")
    let header = proof.header.rlp
    #expect(try EthereumHeader(rlp: header.span.bytes) == proof.header)

    let text = String(decoding: block.block, as: UTF8.self)
    let changed = Array(text.replacing(#""0x1dbaf0""#, with: #""0x0""#).utf8)
    #expect(changed != block.block)
    #expect(throws: BlockProofError.self) {
      try BlockProof(block: changed.span.bytes, expecting: nil, profile: .opStack)
    }
  }
}

extension JSONValue {
  /// The same object with another value for a member that it has, or without it.
  fileprivate func replacing(_ name: String, with text: String?) throws -> JSONValue {
    guard case .object(let members) = self, members.contains(where: { $0.name == name }) else {
      throw UnexpectedVector()
    }
    return .object(
      members.compactMap { member in
        guard member.name == name else { return member }
        return text.map { Member(name, .string($0)) }
      })
  }
}
