internal import ChainTypes
internal import Keys

// The reasons in words. None repeats what was typed, which may be a secret.

extension Mnemonic.ParsingError {
  var sentence: String {
    switch self {
    case .wrongEntropyLength(let bytes): "\(bytes) bytes of entropy make no words"
    case .wrongWordCount(let count): "\(count) words; there must be 12, 15, 18, 21 or 24"
    case .unknownWord(let position): "word \(position) isn't on BIP-0039's list"
    case .wrongChecksum: "the words don't fit together: one is wrong, or their order is"
    case .passphraseNotASCII: "the passphrase isn't in Unicode form NFKD"
    }
  }
}

extension DescriptorError {
  var sentence: String {
    switch self {
    case .missingChecksum: "the checksum behind # is missing"
    case .wrongChecksum(let found):
      "checksum \(found) is wrong: the descriptor, or the checksum, was changed"
    case .unsupportedFunction(let name):
      "\(name) isn't supported: pkh, sh(wpkh(…)), wpkh and tr with a key alone are"
    case .malformed: "not a descriptor: its brackets don't match, or something stands behind them"
    case .scriptTree: "tr with a script tree isn't supported"
    case .scriptNotStated: "the key doesn't say which addresses it is for: name them by --purpose"
    case .scriptMismatch(let stated, let key):
      "the key is for purpose \(key.purpose), not for \(stated.purpose)"
    case .multisigKey(let version): "\(version) is a key for multisig, which isn't supported"
    case .notAnAccountKey: "an account's key has no steps behind it"
    case .key(let error): error.sentence
    case .tooLong, .uncompressedKey, .xOnlyKeyOutsideTaproot, .derivation: "\(self)"
    }
  }
}

extension EthereumAccountError {
  var sentence: String {
    switch self {
    case .tooLong(let characters): "\(characters) characters are too many for an account"
    case .key(let error): error.sentence
    case .missingOrigin: "the account's origin is missing: [fingerprint/44h/60h/0h] before its key"
    case .wrongPath(let path, let coinTypes):
      "\(path) isn't an account's path: m/44h/"
        + coinTypes.map { "\($0)h" }.joined(separator: " or ") + "/…h"
    case .keyNotAtPath(let path): "the key isn't the one at \(path): origin or key is mistyped"
    case .notAnAccount: "an account's key is followed by its branch alone: /0/*"
    case .derivation: "\(self)"
    }
  }
}

extension KeyExpressionError {
  var sentence: String {
    switch self {
    case .privateKey(let kind), .extendedKey(.privateKey(let kind)):
      "that is a private key (\(kind)), and it is exposed now: move its money elsewhere"
    case .extendedKey(.wrongNetwork(let version, let expected)):
      "\(version) isn't a key of \(expected.kind.rawValue): see --network"
    case .extendedKey(.invalidText(let error)): "the key is mistyped: \(error)"
    case .extendedKey(let error): "not an extended public key: \(error)"
    case .versionOfOneScript(let version):
      "\(version) can't stand in a descriptor: give the key alone and it is rewritten"
    case .severalPaths: "<…> stands for several descriptors: give one for each branch"
    case .hardenedAfterPublicKey: "a public key has no hardened children"
    case .missingKey: "the key is missing"
    case .whiteSpace(let offset): "white space at character \(offset + 1)"
    default: "not a key: \(self)"
    }
  }
}
