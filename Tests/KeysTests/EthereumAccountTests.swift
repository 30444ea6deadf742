import Addresses
import ChainTypes
import TestSupport
import Testing

@testable import Keys

@Suite("Accounts on EVM chains")
struct EthereumAccountTests {
  private struct Published: Decodable {
    let words: String
    let path: String
    let addresses: [String]
  }

  private func published() throws -> Published {
    try PackageFiles.vector("keys/ethereum-hd.json", as: Published.self)
  }

  private func master() throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: published().words).seed())
  }

  private func origin(_ path: DerivationPath) throws -> KeyOrigin {
    KeyOrigin(fingerprint: try master().fingerprint, path: path)
  }

  /// The account's text at a path, on branch 0.
  private func text(
    coinType: UInt32 = 60, account: UInt32 = 0, network: BitcoinNetwork = .mainnet
  ) throws -> String {
    let path = try EthereumAccount.path(account: account, coinType: coinType)
    let key = try master().descendant(path).extendedPublicKey
    return "\(try origin(path))\(key.text(network: network))/0/*"
  }

  @Test("the account's children are the published addresses")
  func publishedAddresses() throws {
    let published: Published = try published()
    let account = try EthereumAccount(text(), isTest: false)
    #expect(try DerivationPath(published.path).steps.dropLast() == account.origin.path.steps[...])
    for (index, address) in published.addresses.enumerated() {
      #expect(try account.address(at: UInt32(index)).text == address)
    }
  }

  @Test("public derivation gives what the private keys give")
  func privateOracle() throws {
    let published: Published = try published()
    let master = try master()
    for (index, address) in published.addresses.enumerated() {
      let step = try #require(ChildNumber(UInt32(index)))
      let key = try master.descendant(DerivationPath(published.path).appending(step))
      #expect(EthereumAddress(key.extendedPublicKey.key).text == address)
    }
  }

  @Test(
    "its text is canonical, whatever marks the hardened steps and whichever version the key has")
  func canonical() throws {
    let text = try text()
    #expect(try EthereumAccount(text, isTest: false).text == text)
    #expect(
      try EthereumAccount(text.replacing("h", with: "'", maxReplacements: 3), isTest: false)
        .text == text)
    let test = try self.text(coinType: 1)
    let tpub = try self.text(coinType: 1, network: .testnet4)
    #expect(tpub.contains("tpub") && !test.contains("tpub"))
    #expect(try EthereumAccount(tpub, isTest: true).text == test)
  }

  @Test("coin type 1 and tpub are for test networks, 60 is for all")
  func coinTypes() throws {
    let test = try text(coinType: 1)
    #expect(
      throws: EthereumAccountError.wrongPath(
        try EthereumAccount.path(account: 0, coinType: 1), coinTypes: [60])
    ) { try EthereumAccount(test, isTest: false) }
    #expect(throws: EthereumAccountError.self) {
      try EthereumAccount(text(network: .testnet4), isTest: false)
    }
    #expect(throws: Never.self) { try EthereumAccount(text(), isTest: true) }
    let wrong = try text(coinType: 61)
    #expect(throws: EthereumAccountError.self) { try EthereumAccount(wrong, isTest: true) }
  }

  @Test("a restore epoch's branch gives other addresses of the same account")
  func branches() throws {
    let account = try EthereumAccount(text(), isTest: false)
    let second = try account.onBranch(2)
    #expect(second.text == account.text.replacing("/0/*", with: "/2/*"))
    #expect(try second.address(at: 0) != account.address(at: 0))
    #expect(try second.onBranch(0) == account)
    #expect(throws: EthereumAccountError.derivation(.indexExhausted(1 << 31))) {
      try account.onBranch(1 << 31)
    }
    #expect(throws: DerivationError.indexExhausted(1 << 31)) {
      try account.address(at: 1 << 31)
    }
  }

  @Test("an account's key with its origin and nothing behind it gets a branch")
  func accountKey() throws {
    let text = try text(account: 3)
    let key = String(text.dropLast("/0/*".count))
    #expect(try EthereumAccount(accountKey: key, branch: 0, isTest: false).text == text)
    #expect(throws: EthereumAccountError.self) {
      try EthereumAccount(accountKey: text, branch: 0, isTest: false)
    }
  }

  @Test("an origin that isn't the key's is refused, and so is every other form")
  func refused() throws {
    let text = try text()
    #expect(throws: EthereumAccountError.missingOrigin) {
      try EthereumAccount(String(text.drop { $0 != "]" }.dropFirst()), isTest: false)
    }
    #expect(
      throws: EthereumAccountError.keyNotAtPath(
        try EthereumAccount.path(account: 1, coinType: 60))
    ) { try EthereumAccount(text.replacing("/60h/0h]", with: "/60h/1h]"), isTest: false) }
    for (old, new) in [
      ("/0/*", "/*"), ("/0/*", "/0"), ("/0/*", "/0/0/*"), ("/0/*", ""), ("/0/*", "/0h/*"),
      ("/0/*", "/0/*h"), ("/44h/", "/84h/"), ("/0h]", "/0]"), ("xpub", "zpub"), ("]", ""),
      ("/0/*", "/<0;1>/*"), ("[", " ["),
    ] {
      #expect(throws: EthereumAccountError.self, "\(old) \(new)") {
        try EthereumAccount(text.replacing(old, with: new), isTest: true)
      }
    }
  }

  @Test("a private key is refused and never repeated")
  func privateKey() throws {
    let path = try EthereumAccount.path(account: 0, coinType: 60)
    let secret = try master().descendant(path).secretText(network: .mainnet)
    let text = "\(try origin(path))\(secret)/0/*"
    let error = #expect(throws: EthereumAccountError.self) {
      try EthereumAccount(text, isTest: false)
    }
    #expect(error == .key(.privateKey("xprv")))
  }

  @Test("an account's keys are read by their family")
  func families() throws {
    let text = try text()
    let network = EthereumNetwork(chainID: 1, profile: .ethereum, kind: .mainnet)
    let keys = try AccountKeys(text, for: .ethereum(network))
    #expect(keys.family == "ethereum" && keys.text == text && keys.isRanged)
    #expect(try keys.onBranch(4)?.text == text.replacing("/0/*", with: "/4/*"))
    #expect(throws: AccountKeys.ParsingError.self) {
      try AccountKeys(text, for: .bitcoin(.mainnet))
    }
  }
}
