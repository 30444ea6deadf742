/// Why a text is no descriptor that an account can use.
package enum DescriptorError: Error, Equatable {
  case tooLong(characters: Int)
  /// An account's descriptor must end in `#` and its checksum.
  case missingChecksum
  /// The descriptor or its checksum was changed. The right checksum isn't told: it would make a
  /// damaged descriptor look sound.
  case wrongChecksum(found: String)
  /// A function other than `pkh`, `wpkh`, `sh(wpkh(…))` and `tr`, or one where it can't stand.
  case unsupportedFunction(String)
  /// Brackets that don't match, or something behind them.
  case malformed
  /// `tr(KEY, TREE)`: only key-path spending is supported.
  case scriptTree
  case key(KeyExpressionError)
  /// Segwit and taproot outputs have compressed keys only.
  case uncompressedKey
  /// 32-byte keys belong in `tr` only.
  case xOnlyKeyOutsideTaproot
  case derivation(DerivationError)
  /// `xpub` and `tpub` don't say which script they are for; neither does the key origin.
  case scriptNotStated
  /// The key's version or its origin's purpose is of another script.
  case scriptMismatch(stated: SingleKeyScript, key: SingleKeyScript)
  /// `Ypub`, `Zpub`, `Upub` and `Vpub` are for multisig.
  case multisigKey(version: String)
  /// An account is an extended key without steps behind it.
  case notAnAccountKey
}
