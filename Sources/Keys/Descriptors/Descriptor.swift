package import Addresses
package import ChainTypes

/// An output descriptor of single-key outputs (BIP-0380, 381, 382 and 386): `pkh`, `sh(wpkh)`,
/// `wpkh` and `tr` without script tree.
///
///     wpkh([73c5da0a/84h/0h/0h]xpub6C…/0/*)#p9lfd2vq
///
/// It holds public keys only. A ranged one, an account's, has an output for each index below 2³¹.
package struct Descriptor: Sendable {
  package let script: SingleKeyScript
  package let key: KeyExpression
  package let network: BitcoinNetwork
  /// The canonical text: hardened steps marked with `h`, with its checksum, which therefore isn't
  /// that of a text that marks them with `'`.
  package let text: String
  private let outputs: Outputs

  private enum Outputs: Sendable {
    case one(OutputScript)
    case range(PublicChildDeriver)
  }

  /// Whether a text may come without its checksum.
  package enum ChecksumRule: Sendable {
    /// For accounts: a mistyped descriptor would send money nowhere.
    case required
    case optional
  }

  package static let maximumCharacters = 1_000

  package init(
    _ text: String, network: BitcoinNetwork, checksum rule: ChecksumRule = .required
  ) throws(DescriptorError) {
    let expression = try Self.verifiedExpression(text, rule)
    let (script, keyText) = try Self.script(of: expression)
    let key: KeyExpression
    do {
      key = try KeyExpression(keyText, network: network)
    } catch {
      throw .key(error)
    }
    try self.init(script: script, key: key, network: network)
  }

  package init(
    script: SingleKeyScript, key: KeyExpression, network: BitcoinNetwork
  ) throws(DescriptorError) {
    self.script = script
    self.key = key
    self.network = network
    outputs = try Self.outputs(of: script, key)
    let expression = script.expression(around: key.text(network: network))
    guard let checksum = DescriptorChecksum.checksum(of: expression) else { throw .malformed }
    text = "\(expression)#\(checksum)"
  }

  package var isRanged: Bool { key.isRanged }

  /// The output at `index` of the range. A descriptor without range has one output, at index 0.
  package func outputScript(at index: UInt32) throws(DerivationError) -> OutputScript {
    switch outputs {
    case .one(let output):
      guard index == 0 else { throw .notRanged(index: index) }
      return output
    case .range(let children):
      guard let output = script.output(of: try children.publicKey(at: index)) else {
        throw .skipIndex(index)
      }
      return output
    }
  }

  /// The address of the output at `index`.
  package func address(at index: UInt32) throws(DerivationError) -> BitcoinAddress {
    BitcoinAddress(try outputScript(at: index), network: network)
  }

  /// The outputs at all of `indexes`, in their order; nil where BIP-0032 skips one.
  package func outputScripts(
    at indexes: Range<UInt32>, by derivation: ChildDerivation = .batched
  ) throws(DerivationError) -> [OutputScript?] {
    try derivation.derive(indexes, one: outputScript(at:)) { batch throws(DerivationError) in
      guard case .range(let children) = outputs else {
        throw .notRanged(index: batch.upperBound - 1)
      }
      return script.outputs(of: try children.points(at: batch))
    }
  }

  /// The addresses at all of `indexes`, in their order; nil where BIP-0032 skips one.
  package func addresses(
    at indexes: Range<UInt32>, by derivation: ChildDerivation = .batched
  ) throws(DerivationError) -> [BitcoinAddress?] {
    try outputScripts(at: indexes, by: derivation).map { output in
      output.map { BitcoinAddress($0, network: network) }
    }
  }

  private static func outputs(
    of script: SingleKeyScript, _ key: KeyExpression
  ) throws(DescriptorError) -> Outputs {
    do {
      if let children = try key.children() { return .range(children) }
      switch key.key {
      case .single(let publicKey, isCompressed: false):
        guard script == .pkh else { throw DescriptorError.uncompressedKey }
        return .one(.p2pkh(publicKey: publicKey.uncompressed))
      case .single(let publicKey, isCompressed: true): return .one(try output(script, publicKey))
      case .extended(let extended, let path, _):
        return .one(try output(script, extended.descendant(path).key))
      case .xOnly(let xOnly):
        guard script == .tr else { throw DescriptorError.xOnlyKeyOutsideTaproot }
        guard let tweaked = xOnly.tapTweaked() else { throw DerivationError.skipIndex(0) }
        return .one(.p2tr(tweaked.bytes))
      }
    } catch let error as DerivationError {
      throw .derivation(error)
    } catch let error as DescriptorError {
      throw error
    } catch {
      throw .malformed
    }
  }

  private static func output(
    _ script: SingleKeyScript, _ key: PublicKey
  ) throws(DerivationError) -> OutputScript {
    guard let output = script.output(of: key) else { throw .skipIndex(0) }
    return output
  }
}

extension Descriptor: Hashable {
  package static func == (a: Descriptor, b: Descriptor) -> Bool {
    a.text == b.text && a.network == b.network
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(text)
    hasher.combine(network)
  }
}

extension Descriptor: CustomStringConvertible {
  package var description: String { text }
}
