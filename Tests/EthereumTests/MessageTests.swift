import Addresses
import Bytes
import Digests
import Ethereum
import Keys
import Testing

@Suite("signed messages")
struct MessageTests {
  @Test("a personal message hashes as wallets hash it, and names its signer")
  func personalMessage() throws {
    // ethers.js: hashMessage("hello world") and hashMessage("").
    #expect(
      PersonalMessage.hash(Array("hello world".utf8)).hex
        == "d9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68")
    #expect(
      PersonalMessage.hash([]).hex
        == "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad")
    let message = Array("refund to 0xdAC1…".utf8)
    let signature = TestBlock.key.signature(over: PersonalMessage.hash(message))
    let signer = EthereumAddress(TestBlock.key.publicKey)
    #expect(PersonalMessage.signer(of: message, signature: signature) == signer)
    #expect(PersonalMessage.signer(of: message + [0], signature: signature) != signer)
    let flipped = RecoverableSignature(
      r: signature.r, s: signature.s, isOdd: !signature.isOdd)
    #expect(PersonalMessage.signer(of: message, signature: flipped) != signer)
    let zero = RecoverableSignature(r: .zero, s: .zero, isOdd: false)
    #expect(PersonalMessage.signer(of: message, signature: zero) == nil)
  }

  @Test("EIP-712's own example has the hash that the EIP gives")
  func typedData() throws {
    let domain = TypedData.Domain(
      name: "Ether Mail", version: "1", chainID: 1,
      verifyingContract: try EthereumAddress("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"))
    #expect(
      domain.separator.hex == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f")
    func person(_ name: String, _ wallet: String) throws -> TypedData.Word {
      .hash(
        TypedData.structHash(
          type: "Person(string name,address wallet)",
          words: [.string(name), .address(try EthereumAddress(wallet))]))
    }
    let mail = TypedData.structHash(
      type: "Mail(Person from,Person to,string contents)Person(string name,address wallet)",
      words: [
        try person("Cow", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"),
        try person("Bob", "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"), .string("Hello, Bob!"),
      ])
    #expect(mail.hex == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e")
    #expect(
      TypedData.hash(mail, domain: domain).hex
        == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
  }
}
