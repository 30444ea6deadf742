internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Keys
internal import Payments

extension RefundAttestation {
  /// Throws `RefundRefusal.attestationInvalid` where the signature isn't the signer's.
  func check(on spec: ChainSpec) throws {
    guard signature.utf8.count <= Self.maximumSignatureBytes else {
      throw RefundRefusal.attestationInvalid("the signature is too long")
    }
    switch (kind, spec.family) {
    case (.eip191, .ethereum):
      guard let signer = try? EthereumAddress(signer),
        let signature = RecoverableSignature(personal: signature),
        PersonalMessage.signer(of: Array(message.utf8), signature: signature) == signer
      else {
        throw RefundRefusal.attestationInvalid("the signature isn't \(signer)'s over this message")
      }
    case (.bip322, .bitcoin(let network)):
      guard let signer = try? BitcoinAddress(signer, network: network),
        Self.isSigned(message, by: signer, signature)
      else {
        throw RefundRefusal.attestationInvalid("the signature isn't \(signer)'s over this message")
      }
    case (.bip322, .ethereum), (.eip191, .bitcoin):
      throw RefundRefusal.attestationInvalid(
        "\(kind.rawValue) isn't how messages are signed on \(spec.name)")
    }
  }
}

extension RefundAttestation {
  private static func isSigned(
    _ message: String, by signer: BitcoinAddress, _ signature: String
  ) -> Bool {
    guard let signature = try? MessageSignature(signature) else { return false }
    return signature.verification(of: message, by: signer.output) == .valid
  }
}

extension RecoverableSignature {
  /// From 65 bytes as `0x` and digits: r, s, and 27 or 28, or 0 or 1 (EIP-191's `personal_sign`).
  fileprivate init?(personal text: String) {
    guard text.hasPrefix("0x"), let bytes = try? Hex.decode(text.dropFirst(2)), bytes.count == 65,
      let r = Hash32(Array(bytes[0..<32])), let s = Hash32(Array(bytes[32..<64]))
    else { return nil }
    let parity = bytes[64] >= 27 ? bytes[64] - 27 : bytes[64]
    guard parity <= 1 else { return nil }
    self.init(r: r, s: s, isOdd: parity == 1)
  }
}
