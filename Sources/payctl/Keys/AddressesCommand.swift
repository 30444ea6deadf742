internal import Addresses
internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Keys

struct AddressesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "address",
    abstract: "Derives addresses of a descriptor or of an EVM account.",
    discussion: """
      Examples: payctl keys address --descriptor 'wpkh([…]xpub…/0/*)#…' --count 5
      payctl keys address --descriptor '[…/44h/60h/0h]xpub…/0/*'
      """)

  @Option(help: "The descriptor, whose checksum is verified where it has one, or the account.")
  var descriptor: String

  @Option(help: "The first index.")
  var index: UInt32 = 0

  @Option(help: "How many addresses, at most 1000000.")
  var count: UInt32 = 1

  @Option(
    help: """
      How: libsecp256k1, one by one, or batched, many times as fast and not checked with \
      libsecp256k1 here.
      """)
  var derivation: ChildDerivation = .libsecp256k1

  @OptionGroup var network: NetworkOptions

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count is 1 to 1000000")
    }
    guard UInt64(index) + UInt64(count) <= UInt64(ChildNumber.indexEnd) else {
      throw ValidationError("indexes end at 2147483647")
    }
  }

  func run() throws {
    let keys = try keys()
    var output = StandardOutput()
    var start = index
    while start < index + count {
      let indexes = start..<min(start + Self.chunk, index + count)
      for (place, derived) in zip(indexes, try addresses(keys, at: indexes)) {
        guard let (address, script) = derived else {
          StandardError.writeLine("payctl: index \(place) has no key (BIP-0032); left out")
          continue
        }
        let digits = script.map(Hex.encode)
        switch format {
        case .json:
          let member = digits.map { #","scriptPubKey":"\#($0)""# } ?? ""
          try output.writeLine(#"{"index":\#(place),"address":"\#(address)"\#(member)}"#)
        case .table: try output.writeLine("\(place)  \(address)\(digits.map { "  \($0)" } ?? "")")
        }
      }
      start = indexes.upperBound
    }
    try output.flush()
  }

  /// How many are derived before they are written.
  private static let chunk: UInt32 = 4_096

  /// Nil where an index has no key.
  private func addresses(
    _ keys: AccountKeys, at indexes: Range<UInt32>
  ) throws -> [(text: String, script: [UInt8]?)?] {
    do {
      switch keys {
      case .bitcoin(let descriptor):
        return try descriptor.addresses(at: indexes, by: derivation).map { address in
          address.map { ($0.text, $0.output.scriptPubKey) }
        }
      case .ethereum(let account):
        return try account.addresses(at: indexes, by: derivation).map { address in
          address.map { ($0.text, nil) }
        }
      }
    } catch .notRanged(_) {
      throw CommandFailure("the descriptor has one address, at index 0")
    }
  }

  /// An EVM account has no function around its key.
  private func keys() throws -> AccountKeys {
    do {
      guard !descriptor.contains("("), descriptor.hasPrefix("[") else {
        return .bitcoin(
          try Descriptor(descriptor, network: network.value, checksum: .optional))
      }
      return .ethereum(try EthereumAccount(descriptor, isTest: network.isTest))
    } catch let error as DescriptorError {
      throw CommandFailure(error.sentence)
    } catch let error as EthereumAccountError {
      throw CommandFailure(error.sentence)
    }
  }
}

extension ChildDerivation: ExpressibleByArgument {}
