package import Addresses
package import Bytes
package import ChainTypes

/// What a simulated EVM chain begins with and how it goes on. Nodes of one chain have the same.
package struct EthereumChainOptions: Sendable {
  package var chainID: UInt64
  /// `opStack` begins every block with a deposit of the chain's own, and takes others'.
  package var profile: ProofProfile
  package var fork: Fork
  package var gasLimit: UInt64
  /// Seconds since 1970 of the genesis block.
  package var genesisTime: UInt64
  /// Wei for each gas in block 1.
  package var initialBaseFee: UInt256
  /// How far below the head the `safe` and the `finalized` block are. The genesis block is both
  /// from the start.
  package var safeDepth: UInt64
  package var finalizedDepth: UInt64
  package var contracts: [Deployment]
  /// Who pays and owns the contracts; each has a million ether, a billion of each USDCoin and as
  /// much of each TetherToken.
  package var accountCount: Int

  package enum Fork: Hashable, Sendable {
    case prague
    /// With the fields of EIP-7928 and EIP-7843 in headers, a log of every movement of ether
    /// (EIP-7708), and a price for each account that a transfer makes (EIP-8037). What the block
    /// access list hashes to is made up.
    case amsterdam
  }

  /// A contract in the genesis block, owned by account 0.
  package struct Deployment: Hashable, Sendable {
    package var address: EthereumAddress
    package var contract: BuiltInContract

    package init(_ address: EthereumAddress, _ contract: BuiltInContract) {
      self.address = address
      self.contract = contract
    }
  }

  package init(
    chainID: UInt64 = 1_337, profile: ProofProfile = .ethereum, fork: Fork = .prague,
    gasLimit: UInt64 = 60_000_000,
    genesisTime: UInt64 = 1_700_000_000, initialBaseFee: UInt256 = 1_000_000_000,
    safeDepth: UInt64 = 4, finalizedDepth: UInt64 = 8,
    contracts: [Deployment] = SimulatedContracts.deployments, accountCount: Int = 4
  ) {
    self.chainID = chainID
    self.profile = profile
    self.fork = fork
    self.gasLimit = gasLimit
    self.genesisTime = genesisTime
    self.initialBaseFee = initialBaseFee
    self.safeDepth = safeDepth
    self.finalizedDepth = max(safeDepth, finalizedDepth)
    self.contracts = contracts
    self.accountCount = min(max(accountCount, 1), 1_000)
  }
}

/// Where the contracts stand unless the options say otherwise.
package enum SimulatedContracts {
  package static let usdc = address(1)
  package static let usdt = address(2)
  /// What `usdt` can be deprecated in favour of.
  package static let usdtSuccessor = address(3)
  /// Under USDC's name, and worthless.
  package static let fake = address(4)
  package static let forwarder = address(5)
  /// A sound token that nobody lists.
  package static let unlisted = address(6)

  package static let deployments: [EthereumChainOptions.Deployment] = [
    .init(usdc, .usdCoin), .init(usdt, .tether), .init(usdtSuccessor, .tether),
    .init(fake, .lookalike), .init(forwarder, .forwarder), .init(unlisted, .usdCoin),
  ]

  private static func address(_ last: UInt8) -> EthereumAddress {
    let bytes = [0xc0] + [UInt8](repeating: 0, count: 18) + [last]
    return EthereumAddress(Hash20(bytes: bytes.span.bytes, at: 0))
  }
}
