internal import Addresses
internal import Bitcoin
internal import Bytes
internal import Ethereum
internal import Keys
internal import Payments

/// Plays the machine without a network, the only part of the demo that has private keys: it is
/// given what is to be signed and gives back what was, as `payctl sign` does.
struct OfflineSigner: Sendable {
  private let bitcoin: ExtendedPrivateKey
  private let ethereum: ExtendedPrivateKey

  init() throws {
    bitcoin = try Self.master(of: DemoConfiguration.bitcoinWords)
    ethereum = try Self.master(of: DemoConfiguration.ethereumWords)
  }

  private static func master(of words: String) throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
  }

  /// The EVM account at a path below the master key.
  func account(at path: String) throws -> EthereumAddress {
    EthereumAddress(try ethereum.descendant(DerivationPath(path)).key.publicKey)
  }

  /// The signed transaction's bytes.
  func signed(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    guard let path = transaction.keyPath else { return try signed(psbt: transaction.unsigned) }
    let unsigned = try EthereumTransaction(unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
    let steps = path.drop { $0 == "m" || $0 == "/" }
    let key = try ethereum.descendant(DerivationPath(String(steps))).key
    return unsigned.signed(by: key).encoded
  }

  private func signed(psbt text: String) throws -> [UInt8] {
    var psbt = try PSBT(base64: text)
    let report = try PSBTSigner(bitcoin).sign(&psbt)
    guard report.signed == Array(psbt.inputs.indices), psbt.finalize().isEmpty else {
      throw CommandFailure("the signer couldn't sign every input: \(report)")
    }
    return try psbt.extractTransaction().bytes
  }
}
