import Addresses
import Bytes
import ChainTypes
import TestSupport
import Testing

@testable import Keys

/// The accounts whose keys and addresses BIP-0049, 84 and 86 publish.
@Suite("Accounts by purpose")
struct AccountVectorTests {
  /// A heading, or a name and its value, in the order of the BIP.
  private struct Line: Decodable {
    let section: String?
    let name: String?
    let value: String?
  }

  private let words =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

  private func master() throws -> ExtendedPrivateKey {
    try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
  }

  /// The values under the heading that begins with `section` (all before the first for nil).
  private func values(_ file: String, _ section: String?) throws -> [String: String] {
    var current: String?
    var result: [String: String] = [:]
    for line in try PackageFiles.vector(file, as: [Line].self) {
      if let heading = line.section { current = heading }
      guard let name = line.name, let value = line.value else { continue }
      if let section {
        if current?.hasPrefix(section) == true { result[name] = value }
      } else if current == nil {
        result[name] = value
      }
    }
    return result
  }

  /// Wallet import format of a key whose public key is compressed: version, key, 01.
  private func wif(_ key: PrivateKey, version: UInt8) -> String {
    Base58Check.encode([version] + key.withSecretBytes { Array($0) } + [0x01])
  }

  /// `key` as SLIP-0132 writes it with `name` in front.
  private func secretText(_ key: ExtendedPrivateKey, as name: String) throws -> String {
    let version = try #require(ExtendedKeyVersion.all.first { $0.name == name })
    return try ExtendedKeyTests.text(key.secretText(network: .mainnet), version: version.number)
  }

  @Test("BIP-0049's account on testnet gives its published address")
  func bip49() throws {
    let master = try master()
    let root = try values("bips/bip49.json", nil)
    #expect(root["masterseedWords"] == words)
    #expect(try secretText(master, as: "uprv") == root["masterseed"])
    let account = try values("bips/bip49.json", "Account 0, root")
    let key = try master.descendant(.account(0, for: .shWpkh, network: .testnet4))
    #expect(try secretText(key, as: "uprv") == account["account0Xpriv"])
    let upub = try #require(account["account0Xpub"])
    #expect(
      try ExtendedPublicKey(upub, network: .testnet4) == key.extendedPublicKey)
    let first = try values("bips/bip49.json", "Account 0, first")
    let child = try key.descendant(DerivationPath("m/0/0"))
    #expect(
      "0x" + child.key.withSecretBytes { Hex.encode($0) } == first["account0recvPrivateKeyHex"])
    #expect(wif(child.key, version: 0xef) == first["account0recvPrivateKey"])
    #expect("0x\(child.extendedPublicKey.key)" == first["account0recvPublicKeyHex"])
    #expect("0x\(child.extendedPublicKey.key.hash160)" == first["keyhash"])
    let descriptor = try Descriptor(accountKey: upub, network: .testnet4, branch: 0)
    #expect(descriptor.script == .shWpkh)
    let lines = try PackageFiles.vector("bips/bip49.json", as: [Line].self)
    let address = lines.last { $0.name?.hasPrefix("address") == true }?.value
    #expect(try descriptor.address(at: 0).text == address)
  }

  @Test("BIP-0084's account gives its published addresses")
  func bip84() throws {
    let master = try master()
    let root = try values("bips/bip84.json", nil)
    #expect(
      try ExtendedPublicKey(#require(root["rootpub"]), network: .mainnet)
        == master.extendedPublicKey)
    #expect(root["mnemonic"] == words)
    #expect(try secretText(master, as: "zprv") == root["rootpriv"])
    let account = try values("bips/bip84.json", "Account 0, root")
    let zpub = try #require(account["xpub"])
    #expect(throws: ExtendedKeyError.privateKey(version: "zprv")) {
      try ExtendedPublicKey(account["xpriv"] ?? "", network: .mainnet)
    }
    let key = try master.descendant(.account(0, for: .wpkh, network: .mainnet))
    #expect(try secretText(key, as: "zprv") == account["xpriv"])
    #expect(try ExtendedPublicKey(zpub, network: .mainnet) == key.extendedPublicKey)
    let rows: [(String, UInt32, UInt32)] = [
      ("Account 0, first receiving", 0, 0), ("Account 0, second receiving", 0, 1),
      ("Account 0, first change", 1, 0),
    ]
    for (section, branch, index) in rows {
      let expected = try values("bips/bip84.json", section)
      let descriptor = try Descriptor(accountKey: zpub, network: .mainnet, branch: branch)
      #expect(descriptor.script == .wpkh)
      #expect(try descriptor.address(at: index).text == expected["address"])
      let child = try key.descendant(DerivationPath("m/\(branch)/\(index)"))
      #expect(child.extendedPublicKey.key.description == expected["pubkey"])
      #expect(wif(child.key, version: 0x80) == expected["privkey"])
    }
  }

  @Test("BIP-0086's account gives its published output keys and addresses")
  func bip86() throws {
    let master = try master()
    let root = try values("bips/bip86.json", nil)
    #expect(root["mnemonic"] == words)
    #expect(master.secretText(network: .mainnet) == root["rootpriv"])
    #expect(master.extendedPublicKey.text(network: .mainnet) == root["rootpub"])
    let account = try values("bips/bip86.json", "Account 0, root")
    let xpub = try #require(account["xpub"])
    let key = try master.descendant(.account(0, for: .tr, network: .mainnet))
    #expect(key.extendedPublicKey.text(network: .mainnet) == xpub)
    #expect(key.secretText(network: .mainnet) == account["xprv"])
    let rows: [(String, UInt32, UInt32)] = [
      ("Account 0, first receiving", 0, 0), ("Account 0, second receiving", 0, 1),
      ("Account 0, first change", 1, 0),
    ]
    for (section, branch, index) in rows {
      let expected = try values("bips/bip86.json", section)
      let path = try DerivationPath("m/\(branch)/\(index)")
      #expect(try key.descendant(path).secretText(network: .mainnet) == expected["xprv"])
      let child = try key.extendedPublicKey.descendant(path)
      #expect(child.text(network: .mainnet) == expected["xpub"])
      #expect(child.key.xOnly.description == expected["internal_key"])
      #expect(child.key.xOnly.tapTweaked()?.description == expected["output_key"])
      let descriptor = try Descriptor(
        accountKey: "[73c5da0a/86h/0h/0h]\(xpub)", network: .mainnet, branch: branch)
      let output = try descriptor.outputScript(at: index)
      #expect(Hex.encode(output.scriptPubKey) == expected["scriptPubKey"])
      #expect(try descriptor.address(at: index).text == expected["address"])
    }
    #expect(master.fingerprint == 0x73c5_da0a)
  }
}
