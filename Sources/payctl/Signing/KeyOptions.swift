internal import ArgumentParser
internal import Digests
internal import Glibc
internal import Keys
internal import Signing

/// Where the keys come from. Nothing secret is an argument.
struct KeyOptions: ParsableArguments {
  @Option(help: "An encrypted key file, as `payctl keys encrypt` makes it.")
  var keyFile: String?

  @Flag(help: "Words (BIP-0039) come on the first line of standard input.")
  var words = false

  @Flag(help: "A BIP-0039 passphrase follows on the second line.")
  var passphrase = false

  @OptionGroup var filePassphrase: FilePassphrase

  func validate() throws {
    guard keyFile == nil || !words && !passphrase else {
      throw ValidationError(
        "--key-file stands alone: the file holds what words and passphrase give")
    }
  }

  var areGiven: Bool { keyFile != nil || words }

  func key() throws -> SigningKey {
    let seed = try seed()
    do {
      return try SigningKey(seed: seed)
    } catch {
      throw CommandFailure("no key comes of these words: \(error)")
    }
  }

  /// An operator's own key, which signs closed days and approvals: the one at m/44h/60h/0h/0/0.
  func operatorKey() throws -> PrivateKey {
    let seed = try seed()
    do {
      return try ExtendedPrivateKey(seed: seed).descendant(DerivationPath("m/44h/60h/0h/0/0")).key
    } catch {
      throw CommandFailure("no key comes of these words: \(error)")
    }
  }

  func seed() throws -> SecretBytes {
    guard let keyFile else { return try SecretWords.seed(hasPassphrase: passphrase) }
    let file: EncryptedKeyFile
    do {
      file = try EncryptedKeyFile(
        parsing: WholeFile.read(keyFile, limit: EncryptedKeyFile.maximumFileBytes))
    } catch let error as EncryptedKeyFile.ReadingError {
      throw CommandFailure("\(keyFile) is no key file: \(error.sentence)")
    } catch let error as WholeFile.Failure {
      throw CommandFailure("\(error)")
    }
    do {
      return try file.seed(passphrase: try filePassphrase.read())
    } catch is EncryptedKeyFile.OpeningError {
      throw CommandFailure("the passphrase is wrong, or \(keyFile) was damaged")
    }
  }
}

/// The passphrase of an encrypted key file.
struct FilePassphrase: ParsableArguments {
  @Option(
    name: .customLong("passphrase-fd"),
    help:
      "An open file descriptor to read the key file's passphrase from, instead of standard input."
  )
  var descriptor: Int32 = STDIN_FILENO

  func read(prompt: String = "Passphrase of the key file:") throws -> SecretBytes {
    guard fcntl(descriptor, F_GETFD) >= 0 else {
      throw CommandFailure("file descriptor \(descriptor) isn't open")
    }
    return try SecretInput.bytes(prompt: prompt, from: descriptor)
  }
}

extension EncryptedKeyFile.ReadingError {
  var sentence: String {
    switch self {
    case .tooLarge(let bytes): "\(bytes) bytes are too many"
    case .json(let error): "\(error)"
    case .wrong(let member): "its \(member) aren't what they must be"
    case .unsupportedVersion(let version): "version \(version) is later than this program"
    case .unreasonableCost: "its scrypt parameters want more memory or time than is given"
    }
  }
}
