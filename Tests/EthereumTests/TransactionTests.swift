import Addresses
import Bytes
import Digests
import Ethereum
import JSON
import Keys
import Testing

@Suite("transactions")
struct TransactionTests {
  /// What a vector refuses that no decoder does: rules on fees and on a chain's own id.
  private static let otherRules: Set<String> = [
    "GASLIMIT_PRICE_PRODUCT_OVERFLOW", "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2",
    "INVALID_CHAINID",
  ]

  private static let forks: [String: SignatureRules] = [
    "Frontier": .frontier, "Homestead": .homestead, "EIP150": .homestead,
    "EIP158": .spuriousDragon, "Byzantium": .spuriousDragon, "Constantinople": .spuriousDragon,
    "ConstantinopleFix": .spuriousDragon, "Istanbul": .spuriousDragon, "Berlin": .berlin,
    "London": .london, "Paris": .london, "Shanghai": .london, "Cancun": .cancun,
    "Prague": .prague,
  ]

  @Test("the Ethereum project's transactions are taken and refused fork by fork")
  func projectVectors() throws {
    guard
      case .object(let vectors) = try RealAnswers.json("transactions/ethereum-tests.json.gz")
    else { throw UnexpectedVector() }
    #expect(vectors.count == 182)
    var (taken, refused) = (0, 0)
    for vector in vectors {
      let transaction = try Hex.prefixed(vector.value["txbytes"]?.string)
      guard case .object(let results)? = vector.value["result"] else { throw UnexpectedVector() }
      for result in results {
        let rules = try #require(Self.forks[result.name], "\(result.name)")
        let decoded = try? EthereumTransaction(encoded: transaction)
        let isAccepted = decoded.map(rules.accept) ?? false
        let label: Comment = "\(vector.name) \(result.name)"
        if let exception = result.value["exception"]?.string {
          let name = exception.split(separator: ".").last.map { String($0) } ?? ""
          if Self.otherRules.contains(name), isAccepted { continue }
          #expect(!isAccepted, label)
          refused += 1
        } else {
          #expect(isAccepted, label)
          #expect(try decoded?.hash == Hash32(prefixed: result.value["hash"]?.string), label)
          #expect(
            try decoded?.sender?.hash.bytes == Hex.prefixed(result.value["sender"]?.string), label)
          taken += 1
        }
      }
    }
    #expect(taken > 300)
    #expect(refused > 1500)
  }

  @Test("ethers' transactions: the same bytes to sign, the same signature, the same sender")
  func ethersVectors() throws {
    let rows = try RealAnswers.json("transactions/ethers-transactions.json.gz").elements ?? []
    #expect(rows.count == 3200)
    // Every fifth of the kinds keeps the test short; each kind occurs hundreds of times.
    for (index, row) in rows.enumerated() {
      let kind = Self.kinds[index % Self.kinds.count]
      // Where a form doesn't exist, as EIP-155's without a chain id, its text is empty.
      guard let signed = row["signed" + kind]?.string, !signed.isEmpty else { continue }
      guard kind != "Cancun" || row["transaction"]?["to"]?.string != nil else {
        #expect(throws: EthereumError.invalid(.recipient)) {
          try EthereumTransaction(encoded: Hex.prefixed(signed))
        }
        continue
      }
      try Self.check(row, kind: kind)
    }
  }

  private static let kinds = ["Legacy", "Eip155", "Berlin", "London", "Cancun"]

  private static func check(_ row: JSONValue, kind: String) throws {
    let name: Comment = "\(try row.text("name")) \(kind)"
    let bytes = try Hex.prefixed(row["signed" + kind]?.string)
    let transaction = try EthereumTransaction(encoded: bytes)
    #expect(transaction.encoded == bytes, name)
    let unsigned = try Hex.prefixed(row["unsigned" + kind]?.string)
    #expect(transaction.signingHash == Keccak256.hash(unsigned), name)
    let signature = try #require(row["signature" + kind])
    #expect(try transaction.signature?.r.bytes == Hex.prefixed(signature["r"]?.string), name)
    #expect(try transaction.signature?.s.bytes == Hex.prefixed(signature["s"]?.string), name)
    let key = try PrivateKey(secret(Hex.prefixed(row["privateKey"]?.string)))
    #expect(transaction.sender == EthereumAddress(key.publicKey), name)
    #expect(transaction.signed(by: key) == transaction, name)
    let fields = try #require(row["transaction"])
    #expect(try transaction.nonce == fields.quantity("nonce").asUInt64, name)
    #expect(try transaction.value == fields.quantity("value"), name)
    #expect(try transaction.gasLimit == fields.quantity("gasLimit").asUInt64, name)
    #expect(try transaction.input == Hex.prefixed(fields["data"]?.string ?? "0x"), name)
    #expect(transaction.recipient?.text == fields["to"]?.string, name)
    if kind != "Legacy" {
      #expect(try transaction.chainID == fields.quantity("chainId").asUInt64, name)
    }
  }

  private static func secret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span.bytes)
  }

  private static func transactions() throws -> [EthereumTransaction] {
    let to = try EthereumAddress("0xdAC17F958D2ee523a2206206994597C13D831ec7")
    let caps = EthereumTransaction.FeeCaps(
      maxPriorityFeePerGas: UInt256(2), maxFeePerGas: UInt256(900))
    let list = [
      EthereumTransaction.AccessListEntry(address: to, storageKeys: [.zero, Keccak256.hash([])]),
      EthereumTransaction.AccessListEntry(address: to, storageKeys: []),
    ]
    let authorization = EthereumTransaction.Authorization(
      chainID: UInt256(1), address: to, nonce: 9, yParity: 1, r: .max, s: UInt256(5))
    let forms: [EthereumTransaction.Form] = [
      .legacy(gasPrice: UInt256(7), chainID: nil), .legacy(gasPrice: UInt256(7), chainID: 1),
      .accessList(chainID: 5, gasPrice: .max, list), .dynamicFee(chainID: .max, caps, []),
      .blob(
        chainID: 1, caps, list, .init(maxFeePerBlobGas: UInt256(3), versionedHashes: [.zero])),
      .setCode(chainID: 1, caps, [], [authorization, authorization]),
    ]
    let key = try PrivateKey(secret([UInt8](repeating: 7, count: 32)))
    let deposit = EthereumTransaction(
      form: .deposit(
        .init(
          sourceHash: Keccak256.hash([1]), sender: to, mint: UInt256(5),
          isSystemTransaction: true)),
      nonce: 0, gasLimit: 1_000_000, recipient: nil, value: UInt256(5), input: [1])
    return forms.map {
      EthereumTransaction(
        form: $0, nonce: 3, gasLimit: 21_000, recipient: to, value: .max, input: [0x7f]
      ).signed(by: key)
    } + [deposit]
  }

  @Test("every type comes back from its encoding, with its sender")
  func roundTrips() throws {
    let key = try PrivateKey(Self.secret([UInt8](repeating: 7, count: 32)))
    for transaction in try Self.transactions() {
      #expect(try EthereumTransaction(encoded: transaction.encoded) == transaction)
      if transaction.type != .deposit {
        #expect(transaction.sender == EthereumAddress(key.publicKey))
        #expect(SignatureRules.prague.accept(transaction))
      } else {
        #expect(!SignatureRules.prague.accept(transaction))
      }
    }
  }

  @Test("a type to come is unverifiable, in RLP and in JSON")
  func unknownTypes() throws {
    let encoded = try Self.transactions()[3].encoded
    for type in [0, 5, 6, 0x7d, 0x7f] as [UInt8] {
      #expect(throws: EthereumError.unverifiable(.transactionType(UInt64(type)))) {
        try EthereumTransaction(encoded: [type] + encoded.dropFirst())
      }
    }
    let json = Array(#"{"type":"0x5","nonce":"0x1"}"#.utf8)
    #expect(throws: EthereumError.unverifiable(.transactionType(5))) {
      try EthereumTransaction(json: json.span.bytes)
    }
    let far = Array(#"{"type":"0x105","nonce":"0x1"}"#.utf8)
    #expect(throws: EthereumError.unverifiable(.transactionType(261))) {
      try EthereumTransaction(json: far.span.bytes)
    }
  }

  @Test("a blob transaction with its blobs is no transaction of a block")
  func networkForm() throws {
    let blob = try #require(try Self.transactions().first { $0.type == .blob })
    var writer = RLPWriter()
    writer.append(rawByte: 3)
    writer.appendList { writer in
      writer.append(encoded: Array(blob.encoded.dropFirst()))
      for _ in 0..<3 { writer.appendList { _ in } }
    }
    let bytes = writer.bytes
    #expect(throws: EthereumError.self) { try EthereumTransaction(encoded: bytes) }
  }

  @Test("a high signature is another one of the same key, refused since Homestead")
  func highSignatures() throws {
    let order = try #require(
      UInt256(
        bigEndian: Hex.decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")))
    var transaction = try Self.transactions()[0]
    let low = try #require(transaction.signature)
    #expect(low.isLow)
    let s = try order.subtracting(#require(UInt256(bigEndian: low.s.bytes)))
    transaction.signature = RecoverableSignature(
      r: low.r, s: try #require(Hash32(s.bigEndianBytes)), isOdd: !low.isOdd)
    #expect(try transaction.sender == Self.transactions()[0].sender)
    #expect(SignatureRules.frontier.accept(transaction))
    #expect(!SignatureRules.homestead.accept(transaction))
  }

  @Test("flipped bytes never trap, and give no transaction with the same hash")
  func flippedBytes() throws {
    var random = SplitMix64(seed: 8)
    for transaction in try Self.transactions() {
      let encoded = transaction.encoded
      for _ in 0..<400 {
        var bytes = encoded
        bytes[Int.random(in: bytes.indices, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
        guard let other = try? EthereumTransaction(encoded: bytes) else { continue }
        #expect(other.encoded == bytes)
        #expect(other.hash != transaction.hash)
      }
      for count in 0..<encoded.count {
        #expect(throws: EthereumError.self) {
          try EthereumTransaction(encoded: Array(encoded.prefix(count)))
        }
      }
    }
  }

  @Test("the address of a created contract comes from its creator and their nonce")
  func contractAddresses() throws {
    // USDT's contract, and the account and nonce that made it.
    let creator = try EthereumAddress("0x36928500Bc1dCd7af6a2B4008875CC336b927D57")
    #expect(
      EthereumTransaction.contractAddress(createdBy: creator, nonce: 6).text
        == "0xdAC17F958D2ee523a2206206994597C13D831ec7")
  }
}

extension JSONValue {
  /// A member that ethers writes as a number or in hexadecimal; zero where it is missing.
  func quantity(_ name: String) throws -> UInt256 {
    guard let value = self[name] else { return .zero }
    if case .number(let text) = value { return try UInt256(decimal: text) }
    let text = try self.text(name).dropFirst(2)
    let bytes = try Hex.decode(text.utf8.count & 1 == 0 ? String(text) : "0" + text)
    guard let number = UInt256(bigEndian: bytes) else { throw UnexpectedVector() }
    return number
  }
}
