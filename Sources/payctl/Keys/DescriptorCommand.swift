internal import Addresses
internal import ArgumentParser
internal import ChainTypes
internal import Keys

struct DescriptorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "descriptor",
    abstract: "Writes an account's public key, or a descriptor, in the form that Paywatch keeps.",
    discussion: """
      Takes xpub, ypub, zpub, tpub, upub and vpub, with or without their origin in brackets, and \
      descriptors with or without checksum. An xpub doesn't say which addresses it is for: name \
      them with --purpose, or give the origin. Never give a private key: it would be exposed.

      For an EVM account give the key with its origin, or the account itself, and \
      --family ethereum.

      Example: payctl keys descriptor zpub6r…
      """)

  @Argument(help: "The extended public key or the descriptor.")
  var key: String

  @OptionGroup var network: NetworkOptions

  @Option(help: "bitcoin, or ethereum for an account of EVM chains.")
  var family: AccountFamily = .bitcoin

  @Option(help: "84 (wpkh), 86 (tr), 49 (sh-wpkh) or 44 (pkh), where the key doesn't say.")
  var purpose: UInt32?

  @Option(help: "The branch that receives: twice the epoch, so 0 unless restored.")
  var branch: UInt32 = 0

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  private struct Answer: Encodable {
    let descriptor: String
    let change: String?
    let firstAddress: String
  }

  func run() throws {
    let answer: Answer
    do {
      switch family {
      case .bitcoin:
        let descriptor = try parsed()
        let change = try descriptor.isRanged ? self.change(of: descriptor) : nil
        answer = Answer(
          descriptor: descriptor.text, change: change?.text,
          firstAddress: try descriptor.address(at: 0).text)
      case .ethereum:
        let account = try ethereum()
        answer = Answer(
          descriptor: account.text, change: nil, firstAddress: try account.address(at: 0).text)
      }
    } catch let error as DescriptorError {
      throw CommandFailure(error.sentence)
    } catch let error as EthereumAccountError {
      throw CommandFailure(error.sentence)
    }
    try Answers.write(
      answer, format,
      table: [
        ("descriptor", answer.descriptor), ("change", answer.change ?? "none"),
        ("first address", answer.firstAddress),
      ])
  }

  private func parsed() throws(DescriptorError) -> Descriptor {
    guard !key.contains("(") else {
      return try Descriptor(key, network: network.value, checksum: .optional)
    }
    return try Descriptor(
      accountKey: key, network: network.value, branch: branch,
      script: SingleKeyScript.allCases.first { $0.purpose == purpose })
  }

  private func ethereum() throws(EthereumAccountError) -> EthereumAccount {
    guard !key.hasSuffix("/*") else {
      return try EthereumAccount(key, isTest: network.isTest)
    }
    return try EthereumAccount(accountKey: key, branch: branch, isTest: network.isTest)
  }

  /// The branch beside the receiving one: 2e + 1 to its 2e.
  private func change(of descriptor: Descriptor) throws -> Descriptor? {
    guard case .extended(_, let path, isRanged: true) = descriptor.key.key,
      let receive = path.steps.last?.index, receive % 2 == 0
    else { return nil }
    return try descriptor.onBranch(receive + 1)
  }

  func validate() throws {
    guard purpose == nil || SingleKeyScript.allCases.contains(where: { $0.purpose == purpose })
    else { throw ValidationError("--purpose is 84, 86, 49 or 44") }
  }
}
