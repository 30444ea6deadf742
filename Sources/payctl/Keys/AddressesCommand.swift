internal import Addresses
internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Keys

struct AddressesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "address",
    abstract: "Derives addresses of a descriptor.",
    discussion: "Example: payctl keys address --descriptor 'wpkh([…]xpub…/0/*)#…' --count 5")

  @Option(help: "The descriptor; a checksum is verified where it has one.")
  var descriptor: String

  @Option(help: "The first index.")
  var index: UInt32 = 0

  @Option(help: "How many addresses, at most 1000000.")
  var count: UInt32 = 1

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
    let parsed: Descriptor
    do {
      parsed = try Descriptor(descriptor, network: network.value, checksum: .optional)
    } catch {
      throw CommandFailure(error.sentence)
    }
    var output = StandardOutput()
    for place in index..<index + count {
      let address: BitcoinAddress
      do {
        address = try parsed.address(at: place)
      } catch DerivationError.notRanged(_) {
        throw CommandFailure("the descriptor has one address, at index 0")
      } catch DerivationError.skipIndex(_) {
        StandardError.writeLine("payctl: index \(place) has no key (BIP-0032); left out")
        continue
      }
      let script = Hex.encode(address.output.scriptPubKey)
      switch format {
      case .json:
        try output.writeLine(
          #"{"index":\#(place),"address":"\#(address)","scriptPubKey":"\#(script)"}"#)
      case .table: try output.writeLine("\(place)  \(address)  \(script)")
      }
    }
    try output.flush()
  }
}
