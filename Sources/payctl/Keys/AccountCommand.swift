internal import Addresses
internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Keys

struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account",
    abstract: "Derives an account's descriptor from words on standard input.",
    discussion: """
      The descriptor holds public keys only: it is what a server's configuration gets. Each region \
      has an account of its own, so that regions never hand out the same address.

      Examples: payctl keys account --account 1 < words.txt
      payctl keys account --family ethereum < words.txt
      """)

  @OptionGroup var network: NetworkOptions

  @Option(help: "bitcoin, or ethereum for an account that all EVM chains have in common.")
  var family: AccountFamily = .bitcoin

  @Option(help: "84 (wpkh), 86 (tr), 49 (sh-wpkh) or 44 (pkh); on EVM chains always 44.")
  var purpose: UInt32?

  @Option(help: "The region's account.")
  var account: UInt32 = 0

  @Option(help: "The branch that receives: twice the epoch, so 0 unless restored.")
  var branch: UInt32 = 0

  @Flag(help: "A BIP-0039 passphrase follows on the second line.")
  var passphrase = false

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  private struct Answer: Encodable {
    let descriptor: String
    let fingerprint: String
    let path: String
    let xpub: String
    let firstAddress: String
  }

  func validate() throws {
    guard family == .bitcoin ? script != nil : purpose ?? 44 == 44 else {
      throw ValidationError("--purpose is 84, 86, 49 or 44, and 44 for EVM chains")
    }
    guard account < ChildNumber.indexEnd, branch < ChildNumber.indexEnd else {
      throw ValidationError("--account and --branch lie below 2147483648")
    }
  }

  private var script: SingleKeyScript? {
    SingleKeyScript.allCases.first { $0.purpose == purpose ?? 84 }
  }

  func run() throws {
    guard let branchStep = ChildNumber(branch) else { return }
    let answer =
      switch family {
      case .bitcoin: try bitcoin(branchStep)
      case .ethereum: try ethereum(branchStep)
      }
    try Answers.write(
      answer, format,
      table: [
        ("descriptor", answer.descriptor), ("fingerprint", answer.fingerprint),
        ("path", answer.path), ("xpub", answer.xpub), ("first address", answer.firstAddress),
      ])
  }

  private func bitcoin(_ branch: ChildNumber) throws -> Answer {
    guard let script else { throw ValidationError("--purpose is 84, 86, 49 or 44") }
    let network = network.value
    let path = try DerivationPath.account(account, for: script, network: network)
    // The private keys live inside this expression only and are overwritten with it.
    let (fingerprint, key) = try accountKey(path)
    let descriptor = try Descriptor(
      script: script,
      key: KeyExpression(
        origin: KeyOrigin(fingerprint: fingerprint, path: path),
        key: .extended(key, path: DerivationPath([branch]), isRanged: true)),
      network: network)
    return Answer(
      descriptor: descriptor.text, fingerprint: Self.text(of: fingerprint), path: path.description,
      xpub: key.text(network: network), firstAddress: try descriptor.address(at: 0).text)
  }

  private func ethereum(_ branch: ChildNumber) throws -> Answer {
    let path = try EthereumAccount.path(account: account, coinType: network.isTest ? 1 : 60)
    let (fingerprint, key) = try accountKey(path)
    let keys = try EthereumAccount(
      origin: KeyOrigin(fingerprint: fingerprint, path: path), key: key, branch: branch,
      isTest: network.isTest)
    return Answer(
      descriptor: keys.text, fingerprint: Self.text(of: fingerprint), path: path.description,
      xpub: key.text(network: .mainnet), firstAddress: try keys.address(at: 0).text)
  }

  private static func text(of fingerprint: UInt32) -> String {
    var digits: [UInt8] = []
    digits.append(bigEndian: fingerprint)
    return Hex.encode(digits)
  }

  private func accountKey(
    _ path: DerivationPath
  ) throws -> (fingerprint: UInt32, key: ExtendedPublicKey) {
    let master = try ExtendedPrivateKey(seed: SecretWords.seed(hasPassphrase: passphrase))
    return (master.fingerprint, try master.descendant(path).extendedPublicKey)
  }
}
