import Foundation
import TestSupport
import Testing

@Suite("payctl keys")
struct KeysTests {
  /// BIP-0084's published words, account and first address.
  private let words =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
  private let zpub =
    "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
  private let descriptor =
    "wpkh([73c5da0a/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)#afwvtk2s"
  private let firstAddress = "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"

  private struct Account: Decodable {
    let descriptor: String
    let fingerprint: String
    let path: String
    let xpub: String
    let firstAddress: String
  }

  private struct Address: Decodable {
    let index: Int
    let address: String
    let scriptPubKey: String
  }

  @Test("BIP-0084's words give its account")
  func account() throws {
    let outcome = try Program.payctl.run(
      "keys", "account", "--format", "json", input: "  \(words.uppercased())  \n")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let account = try #require(try outcome.objects(Account.self).first)
    #expect(account.descriptor == descriptor)
    #expect(account.fingerprint == "73c5da0a")
    #expect(account.path == "m/84h/0h/0h")
    #expect(account.firstAddress == firstAddress)
    #expect(!(outcome.output + outcome.errors).contains("abandon"))
  }

  @Test(
    "each purpose gives its published first address",
    arguments: [
      // BIP-0086, and BIP-0049 on a test network.
      ("86", "mainnet", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"),
      ("49", "testnet4", "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"),
    ])
  func purposes(_ purpose: String, _ network: String, _ address: String) throws {
    let outcome = try Program.payctl.run(
      "keys", "account", "--purpose", purpose, "--network", network, "--format", "json",
      input: words)
    #expect(try outcome.objects(Account.self).first?.firstAddress == address)
  }

  @Test("a passphrase and a region's number give other accounts")
  func otherAccounts() throws {
    let plain = try Program.payctl.run("keys", "account", input: words).output
    let second = try Program.payctl.run("keys", "account", "--account", "1", input: words).output
    let secret = try Program.payctl.run(
      "keys", "account", "--passphrase", input: "\(words)\nTREZOR\n"
    ).output
    #expect(second.contains("/84h/0h/1h]"))
    // BIP-0039's test vectors derive this master key from the words with that passphrase.
    #expect(secret.contains("fingerprint    b4e3f5ed"))
    #expect(Set([plain, second, secret]).count == 3)
  }

  @Test(
    "words that are none are refused without being repeated",
    arguments: [
      ("abandon zebro", "2 words"), ("", "no words"),
      (
        "abandon abandon abandon abandon abandon abandon zebro abandon abandon abandon abandon about",
        "word 7"
      ),
      (
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon",
        "don't fit together"
      ),
    ])
  func refusedWords(_ words: String, _ reason: String) throws {
    let outcome = try Program.payctl.run("keys", "account", input: words)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains(reason), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(!outcome.errors.contains("zebro") && !outcome.errors.contains("abandon"))
  }

  /// Hardhat's published words, and their first accounts on EVM chains.
  private let hardhat = "test test test test test test test test test test test junk"
  private let hardhatAddresses = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  ]

  @Test("words give an account of EVM chains, and the account its published addresses")
  func ethereum() throws {
    let outcome = try Program.payctl.run(
      "keys", "account", "--family", "ethereum", "--format", "json", input: hardhat)
    let account = try #require(try outcome.objects(Account.self).first, "\(outcome.errors)")
    #expect(account.path == "m/44h/60h/0h")
    #expect(account.firstAddress == hardhatAddresses[0])
    #expect(account.descriptor == "[\(account.fingerprint)/44h/60h/0h]\(account.xpub)/0/*")
    let addresses = try Program.payctl.run(
      "keys", "address", "--descriptor", account.descriptor, "--count", "2")
    #expect(
      addresses.lines == hardhatAddresses.enumerated().map { "\($0)  \($1)"[...] },
      "\(addresses.errors)")
    let described = try Program.payctl.run(
      "keys", "descriptor", "--family", "ethereum", "--branch", "2",
      String(account.descriptor.dropLast("/0/*".count)))
    #expect(described.output.contains("\(account.xpub)/2/*"), "\(described.errors)")
  }

  @Test("a test network's account of EVM chains has coin type 1, and no main network takes it")
  func ethereumTest() throws {
    let outcome = try Program.payctl.run(
      "keys", "account", "--family", "ethereum", "--network", "testnet4", "--format", "json",
      input: hardhat)
    let account = try #require(try outcome.objects(Account.self).first, "\(outcome.errors)")
    #expect(account.path == "m/44h/1h/0h" && account.xpub.hasPrefix("xpub"))
    let arguments = ["keys", "address", "--descriptor", account.descriptor]
    #expect(try Program.payctl.run(arguments + ["--network", "testnet4"]).status == 0)
    let refused = try Program.payctl.run(arguments)
    #expect(refused.status == 1 && refused.errors.contains("isn't an account's path"))
    #expect(
      try Program.payctl.run("keys", "account", "--family", "ethereum", "--purpose", "84").status
        == 64)
  }

  @Test("new words are random, and can be read again", arguments: [12, 24])
  func generate(_ count: Int) throws {
    var made: Set<String> = []
    for _ in 0..<3 {
      let outcome = try Program.payctl.run("keys", "generate", "--words", "\(count)")
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("whoever has these words"))
      #expect(outcome.lines.count == 1)
      #expect(outcome.output.split(whereSeparator: \.isWhitespace).count == count)
      made.insert(outcome.output)
      #expect(try Program.payctl.run("keys", "account", input: outcome.output).status == 0)
    }
    #expect(made.count == 3)
    #expect(try Program.payctl.run("keys", "generate", "--words", "13").status == 64)
  }

  @Test("a zpub and a descriptor come to the same form, with the change branch beside it")
  func normalised() throws {
    let fromKey = try Program.payctl.run("keys", "descriptor", zpub)
    #expect(fromKey.status == 0, "\(fromKey.errors)")
    #expect(fromKey.output.contains("wpkh(xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7Wyks"))
    #expect(fromKey.output.contains(firstAddress))
    #expect(fromKey.output.contains("/1/*)#"))
    let quoted = descriptor.split(separator: "#")[0]
      .replacing("84h/0h/0h", with: "84'/0'/0'")
    let fromDescriptor = try Program.payctl.run("keys", "descriptor", String(quoted))
    #expect(fromDescriptor.output.contains(descriptor), "\(fromDescriptor.errors)")
  }

  @Test("a private key is refused by its kind and never repeated")
  func privateKey() throws {
    let xprv =
      "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
    for arguments in [["descriptor", xprv], ["address", "--descriptor=wpkh(\(xprv)/0/*)"]] {
      let outcome = try Program.payctl.run("keys", arguments[0], arguments[1])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("private key (xprv)"), "\(outcome.errors)")
      #expect(!(outcome.errors + outcome.output).contains(xprv.prefix(12)))
    }
  }

  @Test("addresses of a descriptor, one a line from an index on")
  func addresses() throws {
    let outcome = try Program.payctl.run(
      "keys", "address", "--descriptor", descriptor, "--count", "3", "--format", "json")
    let addresses = try outcome.objects(Address.self)
    try #require(addresses.map(\.index) == [0, 1, 2])
    #expect(addresses[0].address == firstAddress)
    #expect(addresses[1].address == "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g")
    #expect(addresses[0].scriptPubKey == "0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2")
    let one = try Program.payctl.run(
      "keys", "address", "--descriptor", descriptor, "--index", "1", "--format", "json")
    #expect(try one.objects(Address.self).map(\.address) == [addresses[1].address])
    let many = try ["batched", "libsecp256k1"].map { derivation in
      try Program.payctl.run(
        "keys", "address", "--descriptor", descriptor, "--count", "5000", "--derivation",
        derivation)
    }
    #expect(many[0].lines.count == 5_000)
    #expect(many[0].output == many[1].output)
    let beyond = try Program.payctl.run(
      "keys", "address", "--descriptor", descriptor, "--index", "2147483647", "--count", "2")
    #expect(beyond.status == 64)
    let damaged = try Program.payctl.run(
      "keys", "address", "--descriptor", descriptor.replacing("84h", with: "85h"))
    #expect(damaged.status == 1)
    #expect(damaged.errors.contains("checksum afwvtk2s is wrong"))
  }
}
