import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Ethereum
import Foundation
import JSON
import Keys
import Payments
import Payouts
import TestSupport

/// A policy file and files to sign, for Hardhat's published words.
struct SignScene {
  static let words = "test test test test test test test test test test test junk"
  static let destination = "0x000000000000000000000000000000000000dEaD"

  let directory: TemporaryDirectory
  let treasury: EthereumAddress
  private let master: ExtendedPrivateKey
  private let descriptor: Descriptor

  init(perDay: String = "1.5") throws {
    directory = try TemporaryDirectory()
    master = try Self.master()
    let account = try Self.account()
    treasury = try account.onBranch(1).address(at: 0)
    descriptor = try Self.descriptor()
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    try directory.write(
      "policy.yaml",
      """
      chains:
        - spec: \(chains)/ethereum.yaml
          accounts: ["\(account.text)"]
          destinations: ["\(Self.destination)"]
          refunds: listed
          maximum_fee: "0.01"
          maximum_gas_price: "40"
          maximum_gas: 100000
          limits: [{ asset: ETH, per_transaction: "1", per_day: "\(perDay)" }]
        - spec: \(chains)/bitcoin-regtest.yaml
          accounts: ["\(descriptor.text)"]
          refunds: listed
          maximum_fee: "0.001"
          maximum_fee_rate: "100"
          limits: [{ asset: BTC, per_transaction: "1", per_day: "1" }]

      """.utf8)
  }

  private static func master() throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
  }

  /// The words' first account on EVM chains.
  static func account() throws -> EthereumAccount {
    let (master, path) = (try master(), try EthereumAccount.path(account: 0, coinType: 60))
    return try EthereumAccount(
      origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
      key: master.descendant(path).extendedPublicKey, branch: ChildNumber(rawValue: 0),
      isTest: false)
  }

  /// The same in regtest, with segwit's own outputs.
  static func descriptor() throws -> Descriptor {
    let master = try master()
    let path = try DerivationPath.account(0, for: .wpkh, network: .regtest)
    return try Descriptor(
      script: .wpkh,
      key: KeyExpression(
        origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
        key: .extended(
          try master.descendant(path).extendedPublicKey,
          path: DerivationPath([ChildNumber(rawValue: 0)]), isRanged: true)),
      network: .regtest)
  }

  var policy: String { directory.path("policy.yaml") }

  /// A payment of ether to the listed destination, and the path of its file.
  @discardableResult
  func writeBatch(
    _ name: String = "batch.json", wei: UInt256 = 700_000_000_000_000_000, nonce: UInt64 = 1,
    to destination: String = destination
  ) throws -> String {
    let offer = EthereumOffer(
      from: treasury, path: try DerivationPath("m/44h/60h/0h/1/0"), nonce: nonce,
      to: try EthereumAddress(destination), value: wei, gas: 21_000,
      caps: .init(maxPriorityFeePerGas: 1_000_000_000, maxFeePerGas: 30_000_000_000))
    guard let chain = ChainName("ethereum") else { throw Program.Failure(text: "no name") }
    func id(_ prefix: String) -> Identifier {
      Identifier(prefix: prefix, milliseconds: 1_790_000_000_000, random: (nonce, 1))
    }
    let batch = UnsignedBatch(
      heading: BatchHeading(
        chain: chain, chainID: 1, tenant: "shop", createdAt: Timestamp(seconds: 1_790_000_000)),
      transactions: [
        UnsignedTransaction(
          id: id("out"), purpose: .refund, body: .ethereum(offer),
          paymentsOut: [
            PaymentOut(
              refund: RefundOut(id: id("ref"), payment: id("pay"), receipts: wei),
              address: destination, asset: "ETH", amount: wei)
          ])
      ])
    return try directory.write(name, batch.json.bytes)
  }

  /// A transaction that moves a coin of ours to another address of ours.
  func psbt() throws -> PSBT {
    func script(_ branch: UInt32) throws -> [UInt8] {
      guard let branch = try descriptor.onBranch(branch) else {
        throw Program.Failure(text: "no branch")
      }
      return try branch.outputScript(at: 0).scriptPubKey
    }
    func derivation(_ branch: UInt32) throws -> PSBTDerivation {
      let path = try DerivationPath("m/84h/1h/0h/\(branch)/0")
      return PSBTDerivation(
        key: try master.descendant(path).key.publicKey,
        origin: KeyOrigin(fingerprint: master.fingerprint, path: path))
    }
    let previous = Transaction(
      inputs: [TransactionInput(outpoint: Outpoint(txid: .zero, vout: 1))],
      outputs: [TransactionOutput(value: 100_000, scriptPubKey: try script(0))])
    var psbt = PSBT(
      unsigned: Transaction(
        inputs: [TransactionInput(outpoint: Outpoint(txid: previous.txid, vout: 0))],
        outputs: [TransactionOutput(value: 99_000, scriptPubKey: try script(1))]))
    psbt.inputs[0].nonWitnessUTXO = previous
    psbt.inputs[0].addDerivation(try derivation(0))
    psbt.outputs[0].addDerivation(try derivation(1))
    return psbt
  }

  func sign(
    _ file: String, _ more: String..., input: String = words + "\n"
  ) throws -> Program.Outcome {
    try Program.payctl.run(["sign", file, "--policy", policy] + more, input: input)
  }

  var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(
        atPath: directory.url.path(percentEncoded: false)
      ).sorted()
    }
  }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: directory.url.appending(path: name)))
  }

  func mode(_ name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: directory.path(name))[.posixPermissions]
      as? Int
  }
}
