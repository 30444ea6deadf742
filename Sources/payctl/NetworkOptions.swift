internal import ArgumentParser
internal import ChainTypes

/// Which network a command is about.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: "mainnet, testnet3, testnet4, signet or regtest; of EVM chains, mainnet or any other.")
  var network: NetworkName = .mainnet

  var value: BitcoinNetwork { network.network }

  /// Whether it is a test network, which on EVM chains is all there is to know.
  var isTest: Bool { value.kind != .mainnet }
}

/// Which kind of chains an account is for.
enum AccountFamily: String, ExpressibleByArgument, CaseIterable {
  case bitcoin, ethereum
}

struct NetworkName: ExpressibleByArgument, Equatable {
  let network: BitcoinNetwork

  static let mainnet = NetworkName(network: .mainnet)

  init(network: BitcoinNetwork) { self.network = network }

  init?(argument: String) {
    guard let kind = BitcoinNetwork.Kind(rawValue: argument) else { return nil }
    network = BitcoinNetwork(kind)
  }

  /// The network of a chain called `bitcoin`, `bitcoin-testnet4` and so on.
  init?(chain: String) {
    if chain == "bitcoin" {
      self = .mainnet
      return
    }
    guard chain.hasPrefix("bitcoin-") else { return nil }
    self.init(argument: String(chain.dropFirst("bitcoin-".count)))
  }

  var defaultValueDescription: String { network.kind.rawValue }

  static var allValueStrings: [String] { BitcoinNetwork.Kind.allCases.map(\.rawValue) }
}
