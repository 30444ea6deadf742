import Addresses
import Bytes
import Digests
import Ethereum
import JSON
import Keys
import Testing

@Suite("transactions to be signed")
struct OfferTests {
  @Test("ethers' offers: the same bytes to sign, and the same ones signed")
  func ethersVectors() throws {
    let rows = try RealAnswers.json("transactions/ethers-transactions.json.gz").elements ?? []
    var checked = 0
    for row in rows {
      guard let fields = row["transaction"], let to = fields["to"]?.string,
        fields["accessList"]?.elements?.isEmpty ?? true,
        let unsigned = row["unsignedLondon"]?.string
      else { continue }
      let offer = try Self.offer(fields, to: try EthereumAddress(to))
      let bytes = try Hex.prefixed(unsigned)
      #expect(offer.encodedForSigning == bytes)
      #expect(offer.signingHash == Keccak256.hash(offer.encodedForSigning))
      let secret = try Hex.prefixed(row["privateKey"]?.string)
      let key = try PrivateKey(SecretBytes(copying: secret.span.bytes))
      let signed = offer.with(key.signature(over: offer.signingHash))
      let expected = try Hex.prefixed(row["signedLondon"]?.string)
      #expect(signed.encoded == expected)
      #expect(signed.hash == Keccak256.hash(signed.encoded))
      #expect(signed.sender == EthereumAddress(key.publicKey))
      checked += 1
      if checked == 100 { break }
    }
    #expect(checked == 100)
  }

  private static func offer(
    _ fields: JSONValue, to: EthereumAddress
  ) throws -> EthereumTransaction {
    let tip = try fields.quantity("maxPriorityFeePerGas")
    let fee = try fields.quantity("maxFeePerGas")
    let numbers = try ["chainId", "nonce", "gasLimit"].map { name in
      guard let number = try fields.quantity(name).asUInt64 else { throw UnexpectedVector() }
      return number
    }
    return EthereumTransaction(
      chainID: numbers[0], nonce: numbers[1], to: to, value: try fields.quantity("value"),
      input: try Hex.prefixed(fields["data"]?.string ?? "0x"), gasLimit: numbers[2],
      caps: EthereumTransaction.FeeCaps(maxPriorityFeePerGas: tip, maxFeePerGas: fee))
  }

  @Test("calls of a token are the bytes that wallets make, and come back from them")
  func tokenCalls() throws {
    let to = try EthereumAddress("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    let transfer = TokenCall.transfer(to: to, value: 2_500_000)
    #expect(
      Hex.encode(transfer.encoded) == "a9059cbb"
        + "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8"
        + "00000000000000000000000000000000000000000000000000000000002625a0")
    let balance = TokenCall.balanceOf(to)
    #expect(
      Hex.encode(balance.encoded) == "70a08231"
        + "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8")
    let selectors = ["transfer(address,uint256)", "balanceOf(address)"].map {
      Array(Keccak256.hash(Array($0.utf8)).bytes.prefix(4))
    }
    #expect(selectors == [transfer, balance].map { Array($0.encoded.prefix(4)) })
    for call in [transfer, balance] {
      #expect(TokenCall(call.encoded) == call)
      #expect(TokenCall(call.encoded + [0]) == nil)
      #expect(TokenCall(Array(call.encoded.dropLast())) == nil)
      var padded = call.encoded
      padded[15] = 1
      #expect(TokenCall(padded) == nil)
      var other = call.encoded
      other[0] ^= 1
      #expect(TokenCall(other) == nil)
    }
    #expect(TokenCall([]) == nil)
    let all = TokenCall.transfer(to: to, value: .max)
    #expect(TokenCall(all.encoded) == all)
  }
}
