/// What differs between Bitcoin's networks: how addresses and keys are written, and which rules a
/// header must meet.
package struct BitcoinNetwork: Hashable, Sendable {
  package let kind: Kind

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case mainnet, testnet3, testnet4, signet, regtest
  }

  package init(_ kind: Kind) { self.kind = kind }

  package static let mainnet = BitcoinNetwork(.mainnet)
  package static let testnet3 = BitcoinNetwork(.testnet3)
  package static let testnet4 = BitcoinNetwork(.testnet4)
  package static let signet = BitcoinNetwork(.signet)
  package static let regtest = BitcoinNetwork(.regtest)

  /// The human-readable part of segwit addresses (BIP-0173).
  package var bech32Prefix: String {
    switch kind {
    case .mainnet: "bc"
    case .testnet3, .testnet4, .signet: "tb"
    case .regtest: "bcrt"
    }
  }

  /// The Base58Check version byte of P2PKH addresses.
  package var p2pkhVersion: UInt8 { kind == .mainnet ? 0x00 : 0x6f }

  /// The Base58Check version byte of P2SH addresses.
  package var p2shVersion: UInt8 { kind == .mainnet ? 0x05 : 0xc4 }

  /// SLIP-0044 coin type: 0 on mainnet, 1 on every test network.
  package var coinType: UInt32 { kind == .mainnet ? 0 : 1 }

  /// How long a block takes on average, on the networks that aim at a time.
  package static let blockMilliseconds: UInt32 = 600_000

  /// What `getblockchaininfo` calls the network.
  package var coreName: String {
    switch kind {
    case .mainnet: "main"
    case .testnet3: "test"
    case .testnet4: "testnet4"
    case .signet: "signet"
    case .regtest: "regtest"
    }
  }

  /// The easiest target a header may have, in compact form (nBits).
  package var powLimitBits: UInt32 {
    switch kind {
    case .mainnet, .testnet3, .testnet4: 0x1d00_ffff
    case .signet: 0x1e03_77ae
    case .regtest: 0x207f_ffff
    }
  }

  /// How the target may change from header to header.
  package var retarget: RetargetRule {
    switch kind {
    case .mainnet, .signet: .every2016
    case .testnet3: .every2016WithMinimumDifficultyBlocks
    case .testnet4: .bip94
    case .regtest: .none
    }
  }

  package enum RetargetRule: Sendable {
    /// Constant within 2016 blocks, then scaled by the time they took.
    case every2016
    /// The same, but a block 20 minutes after its parent may have the easiest target.
    case every2016WithMinimumDifficultyBlocks
    /// Testnet4 (BIP-0094): as above, retargeting from the period's first block, and a period's
    /// first block may lie at most 600 s before its parent.
    case bip94
    /// Regtest: the target never changes.
    case none
  }
}
