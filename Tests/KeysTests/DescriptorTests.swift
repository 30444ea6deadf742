import Addresses
import Bytes
import ChainTypes
import Testing

@testable import Keys

@Suite("Descriptors of accounts")
struct DescriptorTests {
  private let account = ExtendedKeyTests.account

  private func withChecksum(_ expression: String) -> String {
    "\(expression)#\(DescriptorChecksum.checksum(of: expression) ?? "")"
  }

  private func error(
    _ expression: String, network: BitcoinNetwork = .mainnet
  ) -> DescriptorError? {
    #expect(throws: DescriptorError.self) {
      try Descriptor(withChecksum(expression), network: network)
    }
  }

  @Test("an account's descriptor is written canonically and read again")
  func roundTrip() throws {
    for script in SingleKeyScript.allCases {
      let expression = script.expression(
        around: "[d34db33f/\(script.purpose)h/0h/0h]\(account)/0/*")
      let descriptor = try Descriptor(withChecksum(expression), network: .mainnet)
      #expect(descriptor.text == withChecksum(expression))
      #expect(descriptor.script == script)
      #expect(descriptor.isRanged)
      #expect(descriptor.key.origin?.fingerprint == 0xd34d_b33f)
      #expect(try Descriptor(descriptor.text, network: .mainnet) == descriptor)
    }
  }

  @Test("hardened steps marked ' get h, and with it another checksum")
  func hardenedMark() throws {
    let expression = "wpkh([D34DB33F/84'/0'/0']\(account)/0/*)"
    let descriptor = try Descriptor(withChecksum(expression), network: .mainnet)
    #expect(descriptor.text == withChecksum("wpkh([d34db33f/84h/0h/0h]\(account)/0/*)"))
    #expect(descriptor.text.suffix(8) != withChecksum(expression).suffix(8))
  }

  @Test("a descriptor with a wrong checksum is refused, and the right one isn't told")
  func wrongChecksum() throws {
    let good = withChecksum("wpkh(\(account)/0/*)")
    let digit = good.hasSuffix("q") ? "p" : "q"
    let bad = String(good.dropLast()) + digit
    let error = #expect(throws: DescriptorError.wrongChecksum(found: String(bad.suffix(8)))) {
      try Descriptor(bad, network: .mainnet)
    }
    #expect(!String(describing: error).contains(good.suffix(8)))
    let changed = good.replacing("/0/*", with: "/1/*")
    #expect(throws: DescriptorError.wrongChecksum(found: String(good.suffix(8)))) {
      try Descriptor(changed, network: .mainnet)
    }
  }

  @Test("an account's descriptor without a checksum is refused")
  func missingChecksum() throws {
    let expression = "wpkh(\(account)/0/*)"
    for text in [expression, expression + "#"] {
      #expect(throws: DescriptorError.missingChecksum) {
        try Descriptor(text, network: .mainnet)
      }
    }
    _ = try Descriptor(expression, network: .mainnet, checksum: .optional)
  }

  @Test("xprv, zprv and WIF in a descriptor are refused, and no error repeats them")
  func privateKeys() throws {
    let master = try ExtendedKeyTests.master("000102030405060708090a0b0c0d0e0f")
    let xprv = master.secretText(network: .mainnet)
    let zprv = try ExtendedKeyTests.text(xprv, version: 0x04b2_430c)
    let wif = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1"
    for (secret, kind) in [(xprv, "xprv"), (zprv, "zprv"), (wif, "WIF")] {
      for key in [secret, "\(secret)/0/*", "[d34db33f/84h/0h/0h]\(secret)"] {
        let found = error("wpkh(\(key))")
        #expect(found == .key(.privateKey(kind)))
      }
      // Mistyped, cut short, in the wrong place: whatever the error, it shows no part of the key.
      for text in [
        withChecksum("wpkh(\(secret.dropLast())1/0/*)"), withChecksum("wpkh( \(secret))"),
        secret, "wpkh(\(secret))", "wpkh(\(secret)/0/*)#qqqqqqqq", withChecksum("\(secret)()"),
        withChecksum("tr(\(secret),pk(\(secret)))"), withChecksum("wpkh(\(secret)/\(secret))"),
        withChecksum("wpkh(\(secret)]\(secret))"),
      ] {
        let error = #expect(throws: DescriptorError.self) {
          try Descriptor(text, network: .mainnet)
        }
        #expect(!String(reflecting: error).contains(secret.dropFirst(5).prefix(6)))
      }
    }
  }

  @Test("a test network's key in a mainnet descriptor is refused")
  func wrongNetwork() throws {
    let tpub = try ExtendedPublicKey(account, network: .mainnet).text(network: .testnet4)
    #expect(
      error("wpkh(\(tpub)/0/*)")
        == .key(.extendedKey(.wrongNetwork(version: "tpub", expected: .mainnet))))
    let vpub = try ExtendedKeyTests.text(account, version: 0x045f_1cf6)
    #expect(throws: DescriptorError.self) {
      try Descriptor(accountKey: vpub, network: .mainnet, branch: 0)
    }
    _ = try Descriptor(accountKey: vpub, network: .regtest, branch: 0)
  }

  @Test("a hardened step after an xpub is refused")
  func hardenedStep() {
    let cases: [(String, Int)] = [
      ("/0h/*", 0), ("/0'/*", 0), ("/0/1h/*", 1), ("/0/*h", 1), ("/0/*'", 1), ("/*h", 0),
      ("/5h", 0),
    ]
    for (steps, position) in cases {
      #expect(
        error("wpkh(\(account)\(steps))")
          == .key(.hardenedAfterPublicKey(position: position)))
    }
  }

  @Test("an account ends at index 2³¹ − 1 and doesn't start again from 0")
  func exhausted() throws {
    let descriptor = try Descriptor(withChecksum("wpkh(\(account)/0/*)"), network: .mainnet)
    let last = try descriptor.outputScript(at: ChildNumber.indexEnd - 1)
    #expect(last != (try descriptor.outputScript(at: 0)))
    #expect(throws: DerivationError.indexExhausted(ChildNumber.indexEnd)) {
      try descriptor.outputScript(at: ChildNumber.indexEnd)
    }
    #expect(throws: DescriptorError.derivation(.indexExhausted(ChildNumber.indexEnd))) {
      try descriptor.onBranch(ChildNumber.indexEnd)
    }
  }

  @Test("white space is refused wherever it stands")
  func whiteSpace() {
    let good = withChecksum("wpkh(\(account)/0/*)")
    for text in [" \(good)", "\(good)\n", good.replacing("(", with: "( ")] {
      let offset = text.utf8.prefix { $0 > 0x20 }.count
      #expect(throws: DescriptorError.key(.whiteSpace(offset: offset))) {
        try Descriptor(text, network: .mainnet)
      }
    }
    // Even under a checksum that fits.
    #expect(error("wpkh( \(account)/0/*)") == .key(.whiteSpace(offset: 5)))
  }

  @Test("what a descriptor can't be here is refused by name")
  func refused() {
    let key = CurveTests.generator
    let uncompressed =
      "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
      + "5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235"
    let cases: [(String, DescriptorError)] = [
      ("wpkh(\(account)/<0;1>/*)", .key(.severalPaths)),
      ("wsh(pk(\(key)))", .unsupportedFunction("wsh")),
      ("multi(1,\(key))", .unsupportedFunction("multi")),
      ("sh(pkh(\(key)))", .unsupportedFunction("sh(pkh(…))")),
      ("tr(\(key),pk(\(key)))", .scriptTree),
      ("wpkh(\(uncompressed))", .uncompressedKey),
      ("sh(wpkh(\(uncompressed)))", .uncompressedKey),
      ("tr(\(uncompressed))", .uncompressedKey),
      ("wpkh(\(key.dropFirst(2)))", .xOnlyKeyOutsideTaproot),
      ("wpkh(\(key)/0)", .key(.stepsAfterSingleKey)),
      ("wpkh()", .key(.missingKey)),
      (
        "wpkh([d34db33f/84h]\(account.dropLast())/0/*)",
        .key(.extendedKey(.invalidText(.wrongChecksum)))
      ),
      ("wpkh([d34db33/84h]\(account))", .key(.invalidOrigin)),
      ("wpkh(\(account)/0/x/*)", .key(.invalidStep(position: 1))),
      ("wpkh(\(account)/*/0)", .key(.invalidStep(position: 0))),
      ("wpkh(\(account)//*)", .key(.invalidStep(position: 0))),
      ("wpkh(\(account)/0/*))", .malformed), ("wpkh\(account)", .malformed), ("", .malformed),
      ("wpkh(\(account)/0/*)x", .malformed),
    ]
    for (expression, expected) in cases { #expect(error(expression) == expected, "\(expression)") }
    let zpub = (try? ExtendedKeyTests.text(account, version: 0x04b2_4746)) ?? ""
    #expect(error("wpkh(\(zpub)/0/*)") == .key(.versionOfOneScript("zpub")))
    let long = String(repeating: "a", count: 2_000)
    #expect(throws: DescriptorError.tooLong(characters: 2_000)) {
      try Descriptor(long, network: .mainnet)
    }
  }

  @Test("a descriptor of one key has one output, at index 0")
  func singleKey() throws {
    let key = CurveTests.generator
    let descriptor = try Descriptor(withChecksum("wpkh(\(key))"), network: .mainnet)
    #expect(!descriptor.isRanged)
    #expect(
      try descriptor.address(at: 0).text == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
    #expect(throws: DerivationError.notRanged(index: 1)) { try descriptor.outputScript(at: 1) }
    let child = try Descriptor(withChecksum("wpkh(\(account)/0/5)"), network: .mainnet)
    let range = try Descriptor(withChecksum("wpkh(\(account)/0/*)"), network: .mainnet)
    #expect(try child.outputScript(at: 0) == range.outputScript(at: 5))
  }

  @Test("an account key becomes the canonical descriptor of its branch")
  func accountKeys() throws {
    let versions: [(UInt32, SingleKeyScript)] = [(0x049d_7cb2, .shWpkh), (0x04b2_4746, .wpkh)]
    for (version, script) in versions {
      let text = try ExtendedKeyTests.text(account, version: version)
      for branch: UInt32 in [0, 1, 2] {
        let descriptor = try Descriptor(accountKey: text, network: .mainnet, branch: branch)
        let expected = withChecksum(script.expression(around: "\(account)/\(branch)/*"))
        #expect(descriptor.text == expected)
      }
    }
    let origin = "[D34DB33F/86'/0'/3']"
    let taproot = try Descriptor(
      accountKey: origin + account, network: .mainnet, branch: 0)
    #expect(taproot.text == withChecksum("tr([d34db33f/86h/0h/3h]\(account)/0/*)"))
    let legacy = try Descriptor(
      accountKey: account, network: .mainnet, branch: 0, script: .pkh)
    #expect(legacy.text == withChecksum("pkh(\(account)/0/*)"))
  }

  @Test("an account key whose script isn't known, or is stated otherwise, is refused")
  func accountKeyMismatch() throws {
    func error(_ key: String, _ script: SingleKeyScript? = nil) -> DescriptorError? {
      #expect(throws: DescriptorError.self) {
        try Descriptor(accountKey: key, network: .mainnet, branch: 0, script: script)
      }
    }
    let zpub = try ExtendedKeyTests.text(account, version: 0x04b2_4746)
    let upperZpub = try ExtendedKeyTests.text(account, version: 0x02aa_7ed3)
    #expect(error(account) == .scriptNotStated)
    #expect(error(zpub, .tr) == .scriptMismatch(stated: .tr, key: .wpkh))
    #expect(error("[d34db33f/86h/0h/0h]\(zpub)") == .scriptMismatch(stated: .wpkh, key: .tr))
    #expect(error(upperZpub) == .multisigKey(version: "Zpub"))
    #expect(error("\(zpub)/0/*") == .notAnAccountKey)
    #expect(error("\(zpub) ") == .key(.whiteSpace(offset: zpub.utf8.count)))
    #expect(error("") == .key(.missingKey))
    let xprv = try ExtendedKeyTests.master("000102030405060708090a0b0c0d0e0f")
      .secretText(network: .mainnet)
    #expect(error(xprv) == .key(.privateKey("xprv")))
  }

  @Test("a restored account goes on on another branch of the same key")
  func otherBranch() throws {
    let receiving = try Descriptor(withChecksum("wpkh(\(account)/0/*)"), network: .mainnet)
    let other = try #require(try receiving.onBranch(2))
    #expect(other.text == withChecksum("wpkh(\(account)/2/*)"))
    #expect(try other.outputScript(at: 0) != receiving.outputScript(at: 0))
    let single = try Descriptor(
      withChecksum("wpkh(\(CurveTests.generator))"), network: .mainnet)
    #expect(try single.onBranch(1) == nil)
  }

  @Test("the same keys by the public and by the private way have the same addresses")
  func againstPrivateDerivation() throws {
    let master = try ExtendedKeyTests.master("fffcf9f6f3f0edeae7e4e1dedbd8d5d2")
    for script in SingleKeyScript.allCases {
      let path = try DerivationPath.account(7, for: script, network: .regtest)
      let account = try master.descendant(path)
      let origin = KeyOrigin(fingerprint: master.fingerprint, path: path)
      let descriptor = try Descriptor(
        accountKey: "\(origin)\(account.extendedPublicKey.text(network: .regtest))",
        network: .regtest, branch: 0)
      for index: UInt32 in 0..<20 {
        let key = try account.descendant(DerivationPath("m/0/\(index)")).key.publicKey
        #expect(try descriptor.outputScript(at: index) == script.output(of: key))
      }
    }
  }

  @Test("many tasks derive from one descriptor at once and get the same outputs")
  func concurrent() async throws {
    let descriptor = try Descriptor(withChecksum("tr(\(account)/0/*)"), network: .mainnet)
    let expected = try (0..<50).map { try descriptor.outputScript(at: $0) }
    try await withThrowingTaskGroup(of: [OutputScript].self) { group in
      for _ in 0..<8 {
        group.addTask { try (0..<50).map { try descriptor.outputScript(at: $0) } }
      }
      for try await outputs in group { #expect(outputs == expected) }
    }
  }

  @Test("what is read of a mutilated descriptor is written again, and the rest refused")
  func mutilated() throws {
    let good = Array(withChecksum("wpkh([d34db33f/84h/0h/0h]\(account)/0/*)").utf8)
    let alphabet = Array("()[]/*#'h0wt, \u{0}é".utf8)
    var random = SplitMix64(seed: 380)
    var read = 0
    for round in 0..<3_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let byte = alphabet[Int.random(in: alphabet.indices, using: &random)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.remove(at: index)
        case 1: bytes[index] = byte
        default: bytes.insert(byte, at: index)
        }
      }
      for bytes in [bytes[...], bytes.prefix(bytes.count - 9)] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let found = try? Descriptor(text, network: .mainnet, checksum: .optional) else {
          continue
        }
        read += 1
        let again = try Descriptor(found.text, network: .mainnet)
        #expect(again == found && again.text == found.text, "round \(round): \(text)")
      }
    }
    #expect(read > 10, "\(read)")
  }
}
