internal import Bytes
package import ChainTypes

/// An output script as text for one network.
///
/// Segwit outputs are written in Bech32 or Bech32m with the network's human-readable part, P2PKH
/// and P2SH in Base58Check with its version bytes. Testnet3, testnet4 and signet write addresses
/// alike, and regtest shares their version bytes. Addresses are compared by `output`, not by text.
package struct BitcoinAddress: Hashable, Sendable {
  package let output: OutputScript
  package let network: BitcoinNetwork

  package init(_ output: OutputScript, network: BitcoinNetwork) {
    self.output = output
    self.network = network
  }

  /// Nil where no address stands for the script.
  package init?(scriptPubKey: RawSpan, network: BitcoinNetwork) {
    guard let output = OutputScript(scriptPubKey: scriptPubKey) else { return nil }
    self.init(output, network: network)
  }

  /// From text: exactly an address, without white space around it.
  ///
  /// That a P2TR key lies on the curve isn't checked: see `OutputScript.p2tr`.
  package init(_ text: String, network: BitcoinNetwork) throws(AddressError) {
    guard !text.isEmpty else { throw .empty }
    let count = text.utf8.count
    guard count <= Self.maximumCharacters else {
      throw .tooLong(prefix: String(text.prefix(4)), characters: count)
    }
    let lowercased = text.lowercased()
    if Self.prefixes.contains(where: { lowercased.hasPrefix($0 + "1") }) {
      try self.init(segwit: text, network: network)
      return
    }
    do {
      try self.init(base58: text, network: network)
    } catch {
      guard case .invalidBase58 = error, let other = try? Bech32.decode(text) else { throw error }
      throw .unknownPrefix(other.prefix)
    }
  }

  package var text: String {
    let prefix = network.bech32Prefix
    return switch output {
    case .p2pkh(let hash): Base58Check.encode([network.p2pkhVersion] + hash.bytes)
    case .p2sh(let hash): Base58Check.encode([network.p2shVersion] + hash.bytes)
    case .p2wpkh(let hash):
      hash.withUnsafeBytes { SegwitAddress.encode(prefix: prefix, version: 0, program: $0.bytes) }
    case .p2wsh(let hash):
      hash.withUnsafeBytes { SegwitAddress.encode(prefix: prefix, version: 0, program: $0.bytes) }
    case .p2tr(let key):
      key.withUnsafeBytes { SegwitAddress.encode(prefix: prefix, version: 1, program: $0.bytes) }
    case .witness(let witness): SegwitAddress.encode(witness.program, prefix: prefix)
    }
  }

  /// A segwit address has at most 90 characters (BIP-0173).
  private static let maximumCharacters = 90
  /// A Base58Check address has 26 to 35 characters; a private key in WIF has 51 or 52.
  private static let longestBase58 = 40

  private static let networks = BitcoinNetwork.Kind.allCases.map { BitcoinNetwork($0) }
  private static let prefixes = Set(networks.map(\.bech32Prefix))

  private init(segwit text: String, network: BitcoinNetwork) throws(AddressError) {
    let prefix: String
    let program: WitnessProgram
    do {
      (prefix, program) = try SegwitAddress.decode(text)
    } catch {
      throw .invalidSegwit(text, error)
    }
    guard prefix == network.bech32Prefix else {
      let owners = Self.networks.filter { $0.bech32Prefix == prefix }.map(\.kind)
      guard !owners.isEmpty else { throw .unknownPrefix(prefix) }
      throw .wrongNetwork(text, expected: network, found: owners)
    }
    self.init(OutputScript(program), network: network)
  }

  private init(base58 text: String, network: BitcoinNetwork) throws(AddressError) {
    let payload: [UInt8]
    do {
      payload = try Base58Check.decode(text, maximumCharacters: Self.maximumCharacters)
    } catch {
      let isShort = text.utf8.count <= Self.longestBase58
      throw .invalidBase58(isShort ? text : String(text.prefix(4)), error)
    }
    guard let version = payload.first, let hash = Hash20(Array(payload.dropFirst())) else {
      throw .notAnAddress(version: payload.first ?? 0, bytes: payload.count)
    }
    switch version {
    case network.p2pkhVersion: self.init(.p2pkh(hash), network: network)
    case network.p2shVersion: self.init(.p2sh(hash), network: network)
    default:
      let owners = Self.networks.filter { $0.p2pkhVersion == version || $0.p2shVersion == version }
      guard !owners.isEmpty else { throw .notAnAddress(version: version, bytes: payload.count) }
      throw .wrongNetwork(text, expected: network, found: owners.map(\.kind))
    }
  }
}

extension BitcoinAddress: CustomStringConvertible {
  package var description: String { text }
}
