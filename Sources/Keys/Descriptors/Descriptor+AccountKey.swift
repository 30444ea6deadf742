package import ChainTypes

extension Descriptor {
  /// The descriptor of one branch of an account, from its extended public key: `zpub…`, or
  /// `[73c5da0a/84h/0h/0h]xpub…` with its origin.
  ///
  /// The script comes from the key's version (SLIP-0132), else from its origin's purpose
  /// (BIP-0043), else from `script`; where they disagree, or none says, the key is refused. Keys of
  /// other versions are written as `xpub` or `tpub`. Branch 0 receives, branch 1 is for change; a
  /// restored account goes on at 2 and 3, and so on.
  package init(
    accountKey text: String, network: BitcoinNetwork, branch: UInt32,
    script stated: SingleKeyScript? = nil
  ) throws(DescriptorError) {
    guard text.utf8.count <= Self.maximumCharacters else {
      throw .tooLong(characters: text.utf8.count)
    }
    guard let branchStep = ChildNumber(branch) else {
      throw .derivation(.indexExhausted(branch))
    }
    let account: (origin: KeyOrigin?, key: ExtendedPublicKey, version: ExtendedKeyVersion)
    do {
      account = try KeyExpression.account(text, network: network)
    } catch .stepsAfterSingleKey {
      throw .notAnAccountKey
    } catch {
      throw .key(error)
    }
    let script = try Self.script(stated, account.version, account.origin)
    let key = KeyExpression.Key.extended(
      account.key, path: DerivationPath([branchStep]), isRanged: true)
    try self.init(
      script: script, key: KeyExpression(origin: account.origin, key: key), network: network)
  }

  /// The same account's outputs on another branch; nil where this is no account's descriptor, with
  /// the branch as last step before `/*`.
  package func onBranch(_ branch: UInt32) throws(DescriptorError) -> Descriptor? {
    guard case .extended(let extended, let path, isRanged: true) = key.key,
      !path.steps.isEmpty
    else { return nil }
    guard let step = ChildNumber(branch) else { throw .derivation(.indexExhausted(branch)) }
    let other = DerivationPath(path.steps.dropLast() + [step])
    return try Descriptor(
      script: script,
      key: KeyExpression(
        origin: key.origin, key: .extended(extended, path: other, isRanged: true)),
      network: network)
  }

  private static func script(
    _ stated: SingleKeyScript?, _ version: ExtendedKeyVersion, _ origin: KeyOrigin?
  ) throws(DescriptorError) -> SingleKeyScript {
    var sources: [SingleKeyScript] = []
    if let stated { sources.append(stated) }
    switch version.script {
    case .multisig: throw .multisigKey(version: version.name)
    case .single(let script): sources.append(script)
    case .unspecified: break
    }
    if let first = origin?.path.steps.first, first.isHardened,
      let script = SingleKeyScript.allCases.first(where: { $0.purpose == first.index })
    {
      sources.append(script)
    }
    guard let script = sources.first else { throw .scriptNotStated }
    if let other = sources.first(where: { $0 != script }) {
      throw .scriptMismatch(stated: script, key: other)
    }
    return script
  }
}
