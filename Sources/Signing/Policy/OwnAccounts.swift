package import Addresses
package import Keys

/// The accounts whose addresses are ours on a chain: what is paid to them isn't paid away.
///
/// Where an address comes from is a claim; it is derived and compared before it counts.
package struct OwnAccounts: Sendable {
  private let bitcoin: [Descriptor]
  private let ethereum: [EthereumAccount]

  /// An address further out couldn't be found again without the path: it isn't ours.
  package static let branchEnd: UInt32 = 1_000
  package static let indexEnd: UInt32 = 1_000_000

  package init(_ accounts: [AccountKeys]) {
    var bitcoin: [Descriptor] = []
    var ethereum: [EthereumAccount] = []
    for account in accounts {
      switch account {
      case .bitcoin(let descriptor): bitcoin.append(descriptor)
      case .ethereum(let account): ethereum.append(account)
      }
    }
    self.bitcoin = bitcoin
    self.ethereum = ethereum
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

  /// The claimed path, where it leads to the address from an account of ours.
  package func path(of address: EthereumAddress, claimed: DerivationPath) -> DerivationPath? {
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
