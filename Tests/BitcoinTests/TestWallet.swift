import Addresses
import Bytes
import ChainTypes
import Digests
import Keys
import Testing

@testable import Bitcoin

/// A wallet of one master key, with coins of any script.
struct TestWallet {
  let master: ExtendedPrivateKey
  let fingerprint: UInt32
  private let accounts: [SingleKeyScript: ExtendedPublicKey]

  init(seed: UInt8 = 7) throws {
    let bytes = [UInt8](repeating: seed, count: 32)
    master = try ExtendedPrivateKey(seed: SecretBytes(copying: bytes.span.bytes))
    fingerprint = master.fingerprint
    var accounts: [SingleKeyScript: ExtendedPublicKey] = [:]
    for script in SingleKeyScript.allCases {
      let path = try DerivationPath("m/\(script.purpose)h/1h/0h")
      accounts[script] = try master.descendant(path).extendedPublicKey
    }
    self.accounts = accounts
  }

  func derivation(_ script: SingleKeyScript, branch: UInt32, index: UInt32) throws -> PSBTDerivation
  {
    let path = try DerivationPath("m/\(script.purpose)h/1h/0h/\(branch)/\(index)")
    let account = try #require(accounts[script])
    return PSBTDerivation(
      key: try account.descendant(DerivationPath(Array(path.steps.suffix(2)))).key,
      origin: KeyOrigin(fingerprint: fingerprint, path: path))
  }

  /// A coin that a transaction of its own made.
  func coin(
    _ script: SingleKeyScript, value: UInt64, index: UInt32, hasPrevious: Bool = true
  ) throws -> SpendableCoin {
    let derivation = try derivation(script, branch: 0, index: index)
    let output = try #require(script.output(of: derivation.key))
    let vout = index % 3
    var outputs = (0..<vout).map { TransactionOutput(value: UInt64($0), scriptPubKey: []) }
    outputs.append(TransactionOutput(value: value, scriptPubKey: output.scriptPubKey))
    let previous = Transaction(
      inputs: [
        TransactionInput(outpoint: Outpoint(txid: SHA256.hash([UInt8(index & 0xff)]), vout: index))
      ],
      outputs: outputs)
    return try #require(
      SpendableCoin(
        outpoint: Outpoint(txid: previous.txid, vout: vout), value: value, output: output,
        derivation: derivation, previousTransaction: hasPrevious ? previous : nil))
  }

  func change(_ script: SingleKeyScript = .wpkh, index: UInt32 = 0) throws -> ChangeOutput {
    try #require(
      ChangeOutput(derivation: derivation(script, branch: 1, index: index), script: script))
  }

  static let limits = TransactionBuilder.Limits(
    ceiling: FeeRate(satoshiPerKvB: 200_000), maximumFee: 5_000_000, maximumInputs: 50)

  /// Somebody else's script.
  static func script(_ byte: UInt8) -> [UInt8] {
    [0x00, 0x14] + [UInt8](repeating: byte, count: 20)
  }
}
