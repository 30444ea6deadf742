internal import Addresses
internal import Bytes
package import ChainTypes

/// A key as descriptors write it (BIP-0380): `[d34db33f/84h/0h/0h]xpub…/0/*`, or a single public
/// key in hexadecimal.
package struct KeyExpression: Sendable {
  package let origin: KeyOrigin?
  package let key: Key

  package enum Key: Sendable {
    case single(PublicKey, isCompressed: Bool)
    /// 32 bytes, for taproot.
    case xOnly(XOnlyPublicKey)
    /// `path` from the key, never hardened, and whether `/*` follows it.
    case extended(ExtendedPublicKey, path: DerivationPath, isRanged: Bool)
  }

  package init(origin: KeyOrigin?, key: Key) {
    self.origin = origin
    self.key = key
  }

  /// From text. Private keys of all kinds, white space and hardened steps are refused.
  package init(
    _ text: some StringProtocol, network: BitcoinNetwork
  ) throws(KeyExpressionError) {
    try Self.checkCharacters(text)
    let (origin, rest) = try Self.splitOrigin(Substring(text))
    self.origin = origin
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let keyText = parts.first, !keyText.isEmpty else { throw .missingKey }
    if let kind = Self.privateKind(of: keyText) { throw .privateKey(kind) }
    if let key = try Self.hexadecimalKey(keyText) {
      guard parts.count == 1 else { throw .stepsAfterSingleKey }
      self.key = key
      return
    }
    let parsed: (key: ExtendedPublicKey, version: ExtendedKeyVersion)
    do {
      parsed = try ExtendedPublicKey.parse(String(keyText), network: network)
    } catch {
      throw .extendedKey(error)
    }
    guard parsed.version.script == .unspecified else {
      throw .versionOfOneScript(parsed.version.name)
    }
    let (path, isRanged) = try Self.steps(parts.count == 2 ? parts[1] : nil)
    key = .extended(parsed.key, path: path, isRanged: isRanged)
  }

  /// An extended public key of any version, with or without origin, and nothing behind it.
  static func account(
    _ text: String, network: BitcoinNetwork
  ) throws(KeyExpressionError) -> (
    origin: KeyOrigin?, key: ExtendedPublicKey, version: ExtendedKeyVersion
  ) {
    try checkCharacters(text)
    let (origin, rest) = try splitOrigin(text[...])
    guard !rest.isEmpty else { throw .missingKey }
    if let kind = privateKind(of: rest) { throw .privateKey(kind) }
    guard !rest.contains("/") else { throw .stepsAfterSingleKey }
    do {
      let parsed = try ExtendedPublicKey.parse(String(rest), network: network)
      return (origin, parsed.key, parsed.version)
    } catch {
      throw .extendedKey(error)
    }
  }

  package var isRanged: Bool {
    guard case .extended(_, _, let isRanged) = key else { return false }
    return isRanged
  }

  /// The expression with hardened steps marked by `h` and lower-case hexadecimal.
  package func text(network: BitcoinNetwork) -> String {
    let keyText =
      switch key {
      case .single(let key, let isCompressed):
        Hex.encode(isCompressed ? key.compressed : key.uncompressed)
      case .xOnly(let key): key.bytes.hex
      case .extended(let key, let path, let isRanged):
        key.text(network: network) + path.suffix + (isRanged ? "/*" : "")
      }
    return "\(origin?.description ?? "")\(keyText)"
  }

  /// For deriving the range's keys; nil where there is no range. The unhardened steps before `/*`
  /// are taken here, once.
  package func children() throws(DerivationError) -> PublicChildDeriver? {
    guard case .extended(let key, let path, isRanged: true) = key else { return nil }
    let parent = try key.descendant(path)
    guard parent.depth < .max else { throw .depthExhausted }
    return parent.children
  }

  /// Printable ASCII without spaces.
  static func checkCharacters(_ text: some StringProtocol) throws(KeyExpressionError) {
    for (offset, byte) in text.utf8.enumerated() where byte <= 0x20 || byte >= 0x7f {
      throw byte <= 0x20 ? .whiteSpace(offset: offset) : .invalidCharacter(offset: offset)
    }
  }

  private static func splitOrigin(
    _ text: Substring
  ) throws(KeyExpressionError) -> (origin: KeyOrigin?, rest: Substring) {
    guard text.first == "[" else {
      guard !text.contains("[") && !text.contains("]") else { throw .invalidOrigin }
      return (nil, text)
    }
    guard let end = text.firstIndex(of: "]"),
      let origin = KeyOrigin(text[text.index(after: text.startIndex)..<end])
    else { throw .invalidOrigin }
    let rest = text[text.index(after: end)...]
    guard !rest.contains("[") && !rest.contains("]") else { throw .invalidOrigin }
    return (origin, rest)
  }

  /// What kind of private key the text is, or would be without a typing error.
  private static func privateKind(of text: Substring) -> String? {
    if let version = ExtendedKeyVersion.named(prefixOf: text), version.isPrivate {
      return version.name
    }
    // Wallet import format: 33 or 34 bytes behind 80 or ef, which Base58 begins with these.
    let looksLikeWIF =
      (text.utf8.count == 51 && "59".contains(text.prefix(1)))
      || (text.utf8.count == 52 && "KLc".contains(text.prefix(1)))
    return looksLikeWIF ? "WIF" : nil
  }

  /// Nil where the text isn't hexadecimal of a public key's length.
  private static func hexadecimalKey(_ text: Substring) throws(KeyExpressionError) -> Key? {
    guard [64, 66, 130].contains(text.utf8.count), let bytes = try? Hex.decode(text) else {
      return nil
    }
    if bytes.count == 32 {
      guard let hash = Hash32(bytes), let key = XOnlyPublicKey(hash) else {
        throw .publicKey(.notOnCurve)
      }
      return .xOnly(key)
    }
    do {
      return .single(try PublicKey(bytes), isCompressed: bytes.count == 33)
    } catch {
      throw .publicKey(error)
    }
  }

  private static func steps(
    _ text: Substring?
  ) throws(KeyExpressionError) -> (path: DerivationPath, isRanged: Bool) {
    guard let text else { return (DerivationPath(), false) }
    guard !text.contains("<") else { throw .severalPaths }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isHardenedRange = parts.last == "*h" || parts.last == "*'"
    let isRanged = isHardenedRange || parts.last == "*"
    let fixed = isRanged ? parts.dropLast() : parts[...]
    var path = DerivationPath()
    if !fixed.isEmpty {
      do {
        path = try DerivationPath(steps: fixed.joined(separator: "/")[...], hardenedMarks: "h'")
      } catch .invalidStep(_, let position) {
        throw .invalidStep(position: position)
      } catch {
        throw .invalidStep(position: DerivationPath.maximumSteps)
      }
    }
    if let position = path.steps.firstIndex(where: \.isHardened) {
      throw .hardenedAfterPublicKey(position: position)
    }
    guard !isHardenedRange else { throw .hardenedAfterPublicKey(position: fixed.count) }
    return (path, isRanged)
  }
}
