internal import ChainTypes

/// The first four bytes of an extended key and what they say (BIP-0032 and SLIP-0132).
struct ExtendedKeyVersion {
  let number: UInt32
  /// The four characters that the text of such a key begins with.
  let name: String
  let isPrivate: Bool
  let isMainnet: Bool
  let script: Script

  /// What SLIP-0132 has the key used for.
  enum Script: Equatable {
    /// BIP-0032's own versions: P2PKH by the letter, anything in practice.
    case unspecified
    case single(SingleKeyScript)
    case multisig
  }

  private init(
    _ number: UInt32, _ name: String, _ script: Script = .unspecified, isPrivate: Bool = false,
    isMainnet: Bool = true
  ) {
    self.number = number
    self.name = name
    self.script = script
    self.isPrivate = isPrivate
    self.isMainnet = isMainnet
  }

  static let xpub = ExtendedKeyVersion(0x0488_b21e, "xpub")
  static let tpub = ExtendedKeyVersion(0x0435_87cf, "tpub", isMainnet: false)
  static let xprv = ExtendedKeyVersion(0x0488_ade4, "xprv", isPrivate: true)
  static let tprv = ExtendedKeyVersion(0x0435_8394, "tprv", isPrivate: true, isMainnet: false)

  static let all: [ExtendedKeyVersion] = [
    xpub, tpub, xprv, tprv,
    ExtendedKeyVersion(0x049d_7cb2, "ypub", .single(.shWpkh)),
    ExtendedKeyVersion(0x04b2_4746, "zpub", .single(.wpkh)),
    ExtendedKeyVersion(0x0295_b43f, "Ypub", .multisig),
    ExtendedKeyVersion(0x02aa_7ed3, "Zpub", .multisig),
    ExtendedKeyVersion(0x044a_5262, "upub", .single(.shWpkh), isMainnet: false),
    ExtendedKeyVersion(0x045f_1cf6, "vpub", .single(.wpkh), isMainnet: false),
    ExtendedKeyVersion(0x0242_89ef, "Upub", .multisig, isMainnet: false),
    ExtendedKeyVersion(0x0257_5483, "Vpub", .multisig, isMainnet: false),
    ExtendedKeyVersion(0x049d_7878, "yprv", .single(.shWpkh), isPrivate: true),
    ExtendedKeyVersion(0x04b2_430c, "zprv", .single(.wpkh), isPrivate: true),
    ExtendedKeyVersion(0x0295_b005, "Yprv", .multisig, isPrivate: true),
    ExtendedKeyVersion(0x02aa_7a99, "Zprv", .multisig, isPrivate: true),
    ExtendedKeyVersion(
      0x044a_4e28, "uprv", .single(.shWpkh), isPrivate: true, isMainnet: false),
    ExtendedKeyVersion(0x045f_18bc, "vprv", .single(.wpkh), isPrivate: true, isMainnet: false),
    ExtendedKeyVersion(0x0242_85b5, "Uprv", .multisig, isPrivate: true, isMainnet: false),
    ExtendedKeyVersion(0x0257_5048, "Vprv", .multisig, isPrivate: true, isMainnet: false),
  ]

  static func version(_ number: UInt32) -> ExtendedKeyVersion? { all.first { $0.number == number } }

  /// The version by whose name `text` begins.
  static func named(prefixOf text: some StringProtocol) -> ExtendedKeyVersion? {
    all.first { text.hasPrefix($0.name) }
  }

  func belongs(to network: BitcoinNetwork) -> Bool { isMainnet == (network.kind == .mainnet) }
}
