internal import Addresses
internal import Bitcoin
package import ChainTypes
internal import Ethereum
package import Payments

extension RefundAttestation {
  /// The signer's address in its own form, where the signature under the message is its own: as
  /// BIP-0322's simple form has it for a Bitcoin address, as EIP-191 has it for an account. What
  /// the message says isn't looked at.
  ///
  /// - Parameter network: whose address a Bitcoin signer must have; of any where nil
  package func verifiedSigner(on network: BitcoinNetwork? = nil) -> String? {
    guard signature.utf8.count <= Self.maximumSignatureBytes else { return nil }
    switch kind {
    case .eip191:
      guard let signer = try? EthereumAddress(signer),
        PersonalMessage.signer(of: Array(message.utf8), signature: signature) == signer
      else { return nil }
      return signer.text
    case .bip322:
      let networks = network.map { [$0] } ?? BitcoinNetwork.Kind.allCases.map { BitcoinNetwork($0) }
      let address = networks.lazy.compactMap { try? BitcoinAddress(self.signer, network: $0) }.first
      guard let address, let signature = try? MessageSignature(signature),
        signature.verification(of: message, by: address.output) == .valid
      else { return nil }
      return address.text
    }
  }
}
