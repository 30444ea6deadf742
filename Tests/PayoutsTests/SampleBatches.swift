import Addresses
import Bytes
import ChainTypes
import Ethereum
import Keys
import Payments
import Payouts

/// One batch of each family.
enum SampleBatches {
  static func id(_ prefix: String, _ number: UInt64) -> Identifier {
    Identifier(prefix: prefix, milliseconds: 1_790_000_000_000, random: (7, number))
  }

  private static func name(_ text: String) throws -> ChainName {
    guard let name = ChainName(text) else { throw Unexpected() }
    return name
  }

  struct Unexpected: Error {}

  static func bitcoin() throws -> UnsignedBatch {
    let chain = try name("bitcoin-regtest")
    let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
    let statement = RefundStatement(
      payment: id("pay", 3), address: address, chain: chain, asset: "BTC",
      amount: "0.01500000")
    return UnsignedBatch(
      heading: BatchHeading(
        chain: chain, chainID: nil, tenant: "shop",
        createdAt: Timestamp(microseconds: 1_790_000_000_250_000)),
      transactions: [
        UnsignedTransaction(
          id: id("out", 1), replaces: id("out", 2), purpose: .refund,
          body: .bitcoin(psbt: [0x70, 0x73, 0x62, 0x74, 0xff, 0x00]),
          paymentsOut: [
            PaymentOut(
              refund: RefundOut(
                id: id("ref", 4), payment: id("pay", 3), receipts: 2_000_000,
                attestation: RefundAttestation(
                  kind: .bip322, signer: address, message: statement.text, signature: "AkcwRA=="),
                approvals: [
                  RefundAttestation(
                    kind: .eip191, signer: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                    message: "Paywatch approval\nand so on", signature: "0x1b")
                ]),
              address: address, asset: "BTC", amount: 1_500_000)
          ])
      ])
  }

  static func ethereum() throws -> UnsignedBatch {
    let treasury = try EthereumAddress("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    let usdc = try EthereumAddress("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
    let payer = try EthereumAddress("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    let offer = EthereumOffer(
      from: treasury, path: try DerivationPath("m/44h/60h/0h/1/0"), nonce: 9, to: usdc,
      value: .zero, data: TokenCall.transfer(to: payer, value: 2_500_000).encoded, gas: 65_000,
      caps: .init(maxPriorityFeePerGas: 1_000_000_000, maxFeePerGas: 31_000_000_000))
    return UnsignedBatch(
      heading: BatchHeading(
        chain: try name("ethereum"), chainID: 1, tenant: "shop",
        createdAt: Timestamp(seconds: 1_790_000_000)),
      transactions: [
        UnsignedTransaction(
          id: id("out", 5), purpose: .sweep, body: .ethereum(offer),
          paymentsOut: [
            PaymentOut(
              refund: nil, address: payer.text, asset: "USDC", contract: usdc.hash,
              amount: 2_500_000, path: try DerivationPath("m/44h/60h/0h/1/0"))
          ])
      ])
  }

  static func signed(_ batch: UnsignedBatch) -> SignedBatch {
    SignedBatch(
      heading: batch.heading,
      transactions: batch.transactions.map {
        SignedTransaction(transaction: $0, raw: [2, 1, 255], txid: Hash32(uncheckedNumber: 77))
      })
  }
}

extension Hash32 {
  init(uncheckedNumber number: UInt8) {
    let bytes = [UInt8](repeating: 0, count: 31) + [number]
    self.init(bytes: bytes.span.bytes, at: 0)
  }
}
