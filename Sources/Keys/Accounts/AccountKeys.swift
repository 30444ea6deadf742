package import ChainTypes

/// The public keys from which one account's addresses come, by the family of chains they are for.
package enum AccountKeys: Hashable, Sendable {
  case bitcoin(Descriptor)
  case ethereum(EthereumAccount)

  /// Why a text is none of its family's.
  package enum ParsingError: Error, Equatable {
    case descriptor(DescriptorError)
    case account(EthereumAccountError)
  }

  /// From an account's text, as configuration and database have it.
  package init(_ text: String, for family: ChainSpec.Family) throws(ParsingError) {
    switch family {
    case .bitcoin(let network):
      do {
        self = .bitcoin(try Descriptor(text, network: network, checksum: .required))
      } catch {
        throw .descriptor(error)
      }
    case .ethereum(let network):
      do {
        self = .ethereum(try EthereumAccount(text, isTest: network.isTest))
      } catch {
        throw .account(error)
      }
    }
  }

  /// The name of the family (`ChainSpec.Family.name`).
  package var family: String {
    switch self {
    case .bitcoin: "bitcoin"
    case .ethereum: "ethereum"
    }
  }

  package var text: String {
    switch self {
    case .bitcoin(let descriptor): descriptor.text
    case .ethereum(let account): account.text
    }
  }

  /// Whether there is an address for each index, rather than a single one.
  package var isRanged: Bool {
    switch self {
    case .bitcoin(let descriptor): descriptor.isRanged
    case .ethereum: true
    }
  }

  /// The same account on another branch; nil where it has no branches.
  package func onBranch(_ branch: UInt32) throws(ParsingError) -> AccountKeys? {
    switch self {
    case .bitcoin(let descriptor):
      do {
        return try descriptor.onBranch(branch).map(AccountKeys.bitcoin)
      } catch {
        throw .descriptor(error)
      }
    case .ethereum(let account):
      do {
        return .ethereum(try account.onBranch(branch))
      } catch {
        throw .account(error)
      }
    }
  }
}

extension AccountKeys: CustomStringConvertible {
  package var description: String { text }
}
