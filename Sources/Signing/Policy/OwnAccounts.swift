package import Addresses
package import Keys

/// The accounts whose addresses are ours on a chain: what is paid to them isn't paid away.
///
/// Where an address comes from is a claim; it is derived and compared before it counts.
package struct OwnAccounts: Sendable {
  private let bitcoin: [Descriptor]
  private let ethereum: [EthereumAccount]
  /// The first addresses of the accounts of EVM chains, on the branch that is named, the one beside
  /// it, and those of the next restore epochs: their transactions don't say where a recipient's
  /// address comes from.
  private let known: [EthereumAddress: DerivationPath]

  /// An address further out couldn't be found again without the path: it isn't ours.
  package static let branchEnd: UInt32 = 1_000
  package static let indexEnd: UInt32 = 1_000_000
  /// The epoch that is named and those after it, of which so many addresses a branch are known.
  private static let epochs: UInt32 = 8
  private static let laterAddresses: UInt32 = 100

  /// - Parameter addresses: how many of each branch are known without being told their path
  /// - Parameter derivation: how those are derived
  package init(_ accounts: [AccountKeys], addresses: UInt32, by derivation: ChildDerivation) {
    var bitcoin: [Descriptor] = []
    var ethereum: [EthereumAccount] = []
    var known: [EthereumAddress: DerivationPath] = [:]
    for account in accounts {
      switch account {
      case .bitcoin(let descriptor): bitcoin.append(descriptor)
      case .ethereum(let account):
        ethereum.append(account)
        let named = account.branch.index & ~1
        for branch in named..<named + 2 * Self.epochs {
          guard let account = try? account.onBranch(branch), let step = ChildNumber(branch) else {
            continue
          }
          let count = branch & ~1 == named ? addresses : min(addresses, Self.laterAddresses)
          let indexes = 0..<min(count, Self.indexEnd)
          let addresses = (try? account.addresses(at: indexes, by: derivation)) ?? []
          for (index, address) in zip(indexes, addresses) {
            guard let address, let place = ChildNumber(index) else { continue }
            known[address] = account.origin.path.appending(step).appending(place)
          }
        }
      }
    }
    self.bitcoin = bitcoin
    self.ethereum = ethereum
    self.known = known
  }

  /// The path of an output that is ours, among those that are claimed.
  package func path(of scriptPubKey: [UInt8], claimed: [KeyOrigin]) -> DerivationPath? {
    for origin in claimed {
      for account in bitcoin {
        guard let own = account.key.origin, own.fingerprint == origin.fingerprint,
          let (branch, index) = Self.place(origin.path, below: own.path),
          let output = try? account.onBranch(branch)?.outputScript(at: index),
          output.scriptPubKey == scriptPubKey
        else { continue }
        return origin.path
      }
    }
    return nil
  }

  /// The path of an account that is ours: the claimed one, or that of one of the first addresses.
  package func path(of address: EthereumAddress, claimed: DerivationPath? = nil) -> DerivationPath?
  {
    guard let claimed else { return known[address] }
    for account in ethereum {
      guard let (branch, index) = Self.place(claimed, below: account.origin.path),
        let derived = try? account.onBranch(branch).address(at: index), derived == address
      else { continue }
      return claimed
    }
    return nil
  }

  /// Branch and index, where two unhardened steps lead from an account to an address.
  private static func place(
    _ path: DerivationPath, below account: DerivationPath
  ) -> (branch: UInt32, index: UInt32)? {
    let rest = path.steps.dropFirst(account.steps.count)
    guard path.steps.starts(with: account.steps), rest.count == 2,
      rest.allSatisfy({ !$0.isHardened }), let branch = rest.first?.index,
      let index = rest.last?.index, branch < branchEnd, index < indexEnd
    else { return nil }
    return (branch, index)
  }
}
