internal import Addresses
internal import Bytes
internal import Digests
internal import Ethereum

/// The first block of a simulated EVM chain: the accounts have their money, the contracts stand.
enum EthereumGenesis {
  /// 10²⁴ wei.
  private static let ether = UInt256(1_000_000_000_000).timesWord(1_000_000_000_000)
  /// A billion tokens of six decimals.
  private static let tokens = UInt256(1_000_000_000_000_000)

  static func block(_ options: EthereumChainOptions) -> SimulatedEthereumBlock {
    var execution = Execution(on: EthereumState(), fork: options.fork)
    let owners = (0..<options.accountCount).map { SimulatedAccount.account($0).address }
    for owner in owners { execution.credit(ether, to: owner) }
    for deployment in options.contracts {
      execution.setNonce(1, of: deployment.address)
      execution.setCode(deployment.contract.code, of: deployment.address)
      store(deployment, owners: owners, all: options.contracts, in: &execution)
    }
    let state = execution.result
    var header = EthereumHeader(
      number: 0, parentHash: .zero, stateRoot: state.root, timestamp: options.genesisTime)
    header.gasLimit = options.gasLimit
    // Chains of different ids have different genesis blocks, whatever else they share.
    header.extraData = Array("chainsim \(options.chainID)".utf8)
    header.baseFeePerGas = options.initialBaseFee
    header.setForkFields(options.fork, parentBeaconBlockRoot: .zero)
    return SimulatedEthereumBlock(
      header: header, transactions: [], outcomes: [], withdrawals: [], state: state)
  }

  private static func store(
    _ deployment: EthereumChainOptions.Deployment, owners: [EthereumAddress],
    all: [EthereumChainOptions.Deployment], in execution: inout Execution
  ) {
    let address = deployment.address
    guard deployment.contract == .usdCoin || deployment.contract == .tether else { return }
    execution.store(UInt256(owners[0]), at: TokenSlot.owner, of: address)
    for owner in owners {
      execution.store(tokens, at: TokenSlot.balance(of: owner), of: address)
    }
    let supply = tokens.timesWord(UInt64(owners.count))
    execution.store(supply, at: TokenSlot.totalSupply, of: address)
    // A TetherToken takes over from the one that stands before it.
    let tethers = all.filter { $0.contract == .tether }.map(\.address)
    if let place = tethers.firstIndex(of: address), place > 0 {
      execution.store(UInt256(tethers[place - 1]), at: TokenSlot.legacy, of: address)
    }
  }
}

extension EthereumHeader {
  /// The hash of no requests (EIP-7685): SHA-256 of nothing.
  private static let emptyRequestsHash = SHA256.hash([])

  /// Fills in what the forks have added behind the base fee; withdrawals are none.
  mutating func setForkFields(
    _ fork: EthereumChainOptions.Fork, parentBeaconBlockRoot root: Hash32
  ) {
    withdrawalsRoot = TrieRoot.empty
    blobGasUsed = 0
    excessBlobGas = 0
    parentBeaconBlockRoot = root
    requestsHash = Self.emptyRequestsHash
    guard fork == .amsterdam else { return }
    blockAccessListHash = Keccak256.hash(stateRoot.bytes)
    slotNumber = number
  }
}

extension UInt256 {
  /// The product, which the caller knows to fit; zero where it doesn't.
  func timesWord(_ factor: UInt64) -> UInt256 {
    (try? multiplied(by: UInt256(factor))) ?? .zero
  }
}
