internal import Addresses
internal import ChainTypes

extension SettingsMapping {
  /// The one form of an address of either family, on any network; nil where it is none.
  package static func address(_ text: String) -> String? {
    let bitcoin = BitcoinNetwork.Kind.allCases.lazy.compactMap {
      (try? BitcoinAddress(text, network: BitcoinNetwork($0)))?.text
    }
    return bitcoin.first ?? (try? EthereumAddress(text))?.text
  }
}
