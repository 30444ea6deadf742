import Addresses
import Bitcoin
import Bytes
import ChainTypes
import Digests
import Ethereum
import Foundation
import Keys
import Payments
import Payouts
import Settings
import Signing
import TestSupport
import Testing

/// A treasury of published words, a policy for it, and transactions to sign.
struct SigningScene {
  static let words = "test test test test test test test test test test test junk"

  let directory: TemporaryDirectory
  let key: SigningKey
  let master: ExtendedPrivateKey
  let descriptor: Descriptor
  let taproot: Descriptor
  let account: EthereumAccount

  static let payee = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  /// Keys of the same words that belong to no account of the policy: other people's.
  static let payerPath = "m/84h/1h/9h/0/0"
  static let ethereumPayerPath = "m/44h/60h/9h/0/5"
  static let operatorPath = "m/44h/60h/9h/0/6"
  static let usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
  static let today = SigningRecord.Day(Timestamp(seconds: 1_790_000_000))

  init() throws {
    directory = try TemporaryDirectory()
    let seed = try Mnemonic(secretPhrase: Self.words).seed()
    key = try SigningKey(seed: seed)
    let master = try ExtendedPrivateKey(seed: seed)
    self.master = master
    func descriptor(_ script: SingleKeyScript) throws -> Descriptor {
      let path = try DerivationPath.account(0, for: script, network: .regtest)
      return try Descriptor(
        script: script,
        key: KeyExpression(
          origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
          key: .extended(
            try master.descendant(path).extendedPublicKey,
            path: DerivationPath([ChildNumber(rawValue: 0)]), isRanged: true)),
        network: .regtest)
    }
    self.descriptor = try descriptor(.wpkh)
    taproot = try descriptor(.tr)
    let path = try EthereumAccount.path(account: 0, coinType: 60)
    account = try EthereumAccount(
      origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
      key: try master.descendant(path).extendedPublicKey, branch: ChildNumber(rawValue: 0),
      isTest: false)
  }

  /// Settings that a test changes.
  struct Settings {
    var refunds = "attested"
    var attesters = "payers"
    /// Lines for Bitcoin.
    var more = ""
    var bitcoinLimit = #"{ asset: BTC, per_transaction: "0.02", per_day: "0.05" }"#
    var fee = "0.0001"
    var feeRate = "20"
    var gasPrice = "40"
    var gas = "100000"
    var usdcLimit = #"{ asset: USDC, per_transaction: "100", per_day: "250" }"#
  }

  func policyText(_ settings: Settings = Settings()) -> String {
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    return """
      chains:
        - spec: \(chains)/bitcoin-regtest.yaml
          accounts:
            - "\(descriptor.text)"
            - "\(taproot.text)"
          refunds: \(settings.refunds)
          attested_by: \(settings.attesters)
          maximum_fee: "\(settings.fee)"
          maximum_fee_rate: "\(settings.feeRate)"
          maximum_inputs: 3
          limits:
            - \(settings.bitcoinLimit)
      \(settings.more.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
        - spec: \(chains)/ethereum.yaml
          accounts: ["\(account.text)"]
          refunds: \(settings.refunds)
          attested_by: payers
          maximum_fee: "0.01"
          maximum_gas_price: "\(settings.gasPrice)"
          maximum_gas: \(settings.gas)
          limits:
            - { asset: ETH, per_transaction: "1", per_day: "2" }
            - \(settings.usdcLimit)

      """
  }

  /// The P2WPKH address of a key.
  func address(_ path: String) throws -> String {
    let key = try master.descendant(DerivationPath(path)).key.publicKey
    return BitcoinAddress(.p2wpkh(key.hash160), network: .regtest).text
  }

  func ethereumAddress(_ path: String) throws -> String {
    EthereumAddress(try master.descendant(DerivationPath(path)).key.publicKey).text
  }

  var policyPath: String { directory.path("policy.yaml") }

  func policy(_ settings: Settings = Settings()) throws -> SigningPolicy {
    try directory.write("policy.yaml", policyText(settings).utf8)
    return try SigningPolicy.load(policyPath)
  }

  static func id(_ prefix: String, _ number: UInt64) -> Identifier {
    Identifier(prefix: prefix, milliseconds: 1_790_000_000_000, random: (1, number))
  }
}

// Bitcoin.
extension SigningScene {
  func origin(_ descriptor: Descriptor, _ branch: UInt32, _ index: UInt32) throws -> KeyOrigin {
    let own = try #require(descriptor.key.origin)
    return KeyOrigin(
      fingerprint: own.fingerprint,
      path: own.path.appending(try #require(ChildNumber(branch)))
        .appending(try #require(ChildNumber(index))))
  }

  func script(_ descriptor: Descriptor, _ branch: UInt32, _ index: UInt32) throws -> [UInt8] {
    let branch = try descriptor.onBranch(branch)
    return try #require(branch).outputScript(at: index).scriptPubKey
  }

  private func derivation(
    _ descriptor: Descriptor, _ branch: UInt32, _ index: UInt32
  ) throws -> PSBTDerivation {
    let origin = try origin(descriptor, branch, index)
    return PSBTDerivation(key: try master.descendant(origin.path).key.publicKey, origin: origin)
  }

  /// Spends coins of 2,000,000 sat, one on each of our addresses 0/0, 0/1 and so on, each from a
  /// transaction of its own that `salt` makes another.
  func psbt(
    paying outputs: [TransactionOutput], change: UInt64? = nil, coins: Int = 1,
    from descriptor: Descriptor? = nil, salt: UInt32 = 0
  ) throws -> PSBT {
    let own = descriptor ?? self.descriptor
    let isTaproot = own.script == .tr
    let previous = try (0..<UInt32(coins)).map { index in
      Transaction(
        inputs: [
          TransactionInput(
            outpoint: Outpoint(txid: SHA256d.hash([UInt8(index), UInt8(salt)]), vout: 0))
        ],
        outputs: [
          TransactionOutput(value: 2_000_000, scriptPubKey: try script(own, 0, index))
        ])
    }
    var all = outputs
    if let change {
      all.append(TransactionOutput(value: change, scriptPubKey: try script(own, 1, 7)))
    }
    var psbt = PSBT(
      unsigned: Transaction(
        inputs: previous.map {
          TransactionInput(outpoint: Outpoint(txid: $0.txid, vout: 0))
        }, outputs: all))
    for (index, transaction) in previous.enumerated() {
      let derivation = try derivation(own, 0, UInt32(index))
      if isTaproot {
        psbt.inputs[index].witnessUTXO = transaction.outputs[0]
        psbt.inputs[index].setTaprootInternalKey(derivation)
      } else {
        psbt.inputs[index].nonWitnessUTXO = transaction
        psbt.inputs[index].addDerivation(derivation)
      }
    }
    if change != nil {
      let derivation = try derivation(own, 1, 7)
      if isTaproot {
        psbt.outputs[outputs.count].setTaprootInternalKey(derivation)
      } else {
        psbt.outputs[outputs.count].addDerivation(derivation)
      }
    }
    return psbt
  }

  static func output(_ address: String, _ value: UInt64) throws -> TransactionOutput {
    let script = try BitcoinAddress(address, network: .regtest).output.scriptPubKey
    return TransactionOutput(value: value, scriptPubKey: script)
  }

  /// A refund of 1,500,000 sat with 498,590 back and 1,410 fee.
  func refund(
    to address: String = payee, value: UInt64 = 1_500_000, id number: UInt64 = 1,
    refund: UInt64 = 1, salt: UInt32 = 0, receipts: UInt256 = 100_000_000,
    attestation: RefundAttestation? = nil, approvals: [RefundAttestation] = []
  ) throws -> UnsignedTransaction {
    let psbt = try psbt(
      paying: [Self.output(address, value)], change: 1_998_590 - value, salt: salt)
    return UnsignedTransaction(
      id: Self.id("out", number), purpose: .refund, body: .bitcoin(psbt: psbt.bytes),
      paymentsOut: [
        PaymentOut(
          refund: RefundOut(
            id: Self.id("ref", refund), payment: Self.id("pay", 3), receipts: receipts,
            attestation: attestation, approvals: approvals), address: address, asset: "BTC",
          amount: UInt256(value))
      ])
  }

  func batch(_ transactions: [UnsignedTransaction]) throws -> UnsignedBatch {
    UnsignedBatch(
      heading: BatchHeading(
        chain: try #require(ChainName("bitcoin-regtest")), chainID: nil, tenant: "shop",
        createdAt: Timestamp(seconds: 1_790_000_000)), transactions: transactions)
  }
}

// EVM chains.
extension SigningScene {
  func offer(
    to: String = usdc, value: UInt256 = .zero, data: [UInt8]? = nil, nonce: UInt64 = 9
  ) throws -> EthereumOffer {
    let transfer = TokenCall.transfer(
      to: try EthereumAddress(ethereumAddress(Self.ethereumPayerPath)),
      value: 50_000_000)
    return EthereumOffer(
      from: try account.onBranch(1).address(at: 0),
      path: account.origin.path.appending(ChildNumber(rawValue: 1))
        .appending(ChildNumber(rawValue: 0)), nonce: nonce, to: try EthereumAddress(to),
      value: value, data: data ?? transfer.encoded, gas: 65_000,
      caps: .init(maxPriorityFeePerGas: 1_000_000_000, maxFeePerGas: 31_000_000_000))
  }

  func tokenRefund(
    _ offer: EthereumOffer, attestation: RefundAttestation? = nil
  ) throws -> UnsignedTransaction {
    UnsignedTransaction(
      id: Self.id("out", 5), purpose: .refund, body: .ethereum(offer),
      paymentsOut: [
        PaymentOut(
          refund: RefundOut(
            id: Self.id("ref", 5), payment: Self.id("pay", 3), receipts: 80_000_000,
            attestation: attestation), address: try ethereumAddress(Self.ethereumPayerPath),
          asset: "USDC", contract: try EthereumAddress(Self.usdc).hash, amount: 50_000_000)
      ])
  }

  func ethereumBatch(
    _ transactions: [UnsignedTransaction], chainID: UInt64 = 1
  ) throws -> UnsignedBatch {
    UnsignedBatch(
      heading: BatchHeading(
        chain: try #require(ChainName("ethereum")), chainID: chainID, tenant: "shop",
        createdAt: Timestamp(seconds: 1_790_000_000)), transactions: transactions)
  }
}

// Judging.
extension SigningScene {
  func refusals(
    _ batch: UnsignedBatch, _ settings: Settings = Settings(),
    record: SigningRecord = SigningRecord(), today: SigningRecord.Day = today
  ) throws -> [String] {
    let job = try SigningJob(.batch(batch), policy: policy(settings))
    return job.refusals(record: record, today: today)
  }

  /// A statement signed by the key at `path` of the scene's words.
  func attestation(
    address: String, chain: String, asset: String, amount: String? = nil,
    kind: RefundAttestation.Kind, path: String
  ) throws -> RefundAttestation {
    let statement = RefundStatement(
      payment: Self.id("pay", 3), address: address, chain: try #require(ChainName(chain)),
      asset: asset, amount: amount ?? (asset == "USDC" ? "50.000000" : "0.01500000"))
    return try signed(statement.text, kind, path: path)
  }

  /// An approval of refund 1 of payment 3, signed by the key at `path`.
  func approval(
    refund: UInt64 = 1, address: String, amount: String = "0.01500000",
    chain: String = "bitcoin-regtest", asset: String = "BTC",
    kind: RefundAttestation.Kind = .eip191,
    path: String = operatorPath
  ) throws -> RefundAttestation {
    let statement = ApprovalStatement(
      refund: Self.id("ref", refund), payment: Self.id("pay", 3), address: address,
      chain: try #require(ChainName(chain)), asset: asset, amount: amount, approver: "anna")
    return try signed(statement.text, kind, path: path)
  }

  func signed(
    _ text: String, _ kind: RefundAttestation.Kind, path: String
  ) throws -> RefundAttestation {
    let message = Array(text.utf8)
    let key = try master.descendant(DerivationPath(path)).key
    switch kind {
    case .eip191:
      return RefundAttestation(
        kind: kind, signer: EthereumAddress(key.publicKey).text, message: text,
        signature: PersonalMessage.signature(of: message, by: key))
    case .bip322:
      let output = OutputScript.p2wpkh(key.publicKey.hash160)
      let signature = try #require(MessageSignature(of: message, by: output, key: key))
      return RefundAttestation(
        kind: kind, signer: BitcoinAddress(output, network: .regtest).text,
        message: text, signature: signature.text)
    }
  }
}
