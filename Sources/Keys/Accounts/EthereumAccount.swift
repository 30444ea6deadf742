package import Addresses
internal import ChainTypes

/// A region's account on EVM chains, whose children are externally owned addresses, the same ones
/// on every such chain (BIP-0044 with SLIP-0044's coin type 60, on test networks also 1):
///
///     [73c5da0a/44h/60h/0h]xpub6D…/0/*
///
/// It holds a public key only. Branch 0 receives; a restored account goes on at 2, 4 and so on.
package struct EthereumAccount: Sendable {
  package let origin: KeyOrigin
  package let key: ExtendedPublicKey
  package let branch: ChildNumber
  /// The canonical text: hardened steps marked with `h`, the key as `xpub` on test networks too,
  /// because EVM chains have no versions of their own.
  package let text: String
  private let children: PublicChildDeriver

  package static let maximumCharacters = 300

  /// From text. Private keys of all kinds, white space and hardened steps behind the key are
  /// refused, and an origin that isn't the key's.
  ///
  /// - Parameter isTest: takes coin type 1 and `tpub` keys, too
  package init(_ text: String, isTest: Bool) throws(EthereumAccountError) {
    let count = text.utf8.count
    guard count <= Self.maximumCharacters else { throw .tooLong(characters: count) }
    let parsed = try Self.expression(text, isTest: isTest)
    guard let origin = parsed.origin else { throw .missingOrigin }
    guard case .extended(let key, let path, isRanged: true) = parsed.key, path.steps.count == 1,
      let branch = path.steps.first
    else { throw .notAnAccount }
    try self.init(origin: origin, key: key, branch: branch, isTest: isTest)
  }

  /// One branch of an account, from its extended public key with its origin and nothing behind it.
  package init(
    accountKey text: String, branch: UInt32, isTest: Bool
  ) throws(EthereumAccountError) {
    try self.init("\(text)/\(branch)/*", isTest: isTest)
  }

  package init(
    origin: KeyOrigin, key: ExtendedPublicKey, branch: ChildNumber, isTest: Bool
  ) throws(EthereumAccountError) {
    let coinTypes: [UInt32] = isTest ? [1, 60] : [60]
    let steps = origin.path.steps
    guard steps.count == 3, steps.allSatisfy(\.isHardened), steps[0].index == 44,
      coinTypes.contains(steps[1].index)
    else { throw .wrongPath(origin.path, coinTypes: coinTypes) }
    guard key.depth == 3, key.childNumber == steps[2] else { throw .keyNotAtPath(origin.path) }
    self.origin = origin
    self.key = key
    self.branch = branch
    do {
      children = try key.child(branch).children
    } catch {
      throw .derivation(error)
    }
    text = "\(origin)\(key.text(network: .mainnet))/\(branch)/*"
  }

  /// `m/44h/60h/ACCOUNTh`, on test networks `m/44h/1h/ACCOUNTh`: each region has its own account.
  package static func path(
    account: UInt32, coinType: UInt32
  ) throws(DerivationError) -> DerivationPath {
    guard let accountStep = ChildNumber(account, hardened: true),
      let coinStep = ChildNumber(coinType, hardened: true)
    else { throw .indexExhausted(account) }
    return DerivationPath([
      ChildNumber(rawValue: 44 | ChildNumber.indexEnd), coinStep, accountStep,
    ])
  }

  package func address(at index: UInt32) throws(DerivationError) -> EthereumAddress {
    try children.ethereumAddress(at: index)
  }

  /// The addresses at all of `indexes`, in their order; nil where BIP-0032 skips one.
  package func addresses(
    at indexes: Range<UInt32>, by derivation: ChildDerivation = .batched
  ) throws(DerivationError) -> [EthereumAddress?] {
    try derivation.derive(indexes, one: address(at:)) { batch throws(DerivationError) in
      try children.points(at: batch).map { $0.map(EthereumAddress.init) }
    }
  }

  /// The same account's addresses on another branch.
  package func onBranch(_ branch: UInt32) throws(EthereumAccountError) -> EthereumAccount {
    guard let step = ChildNumber(branch) else { throw .derivation(.indexExhausted(branch)) }
    return try EthereumAccount(origin: origin, key: key, branch: step, isTest: true)
  }

  private static func expression(
    _ text: String, isTest: Bool
  ) throws(EthereumAccountError) -> KeyExpression {
    do {
      return try KeyExpression(text, network: .mainnet)
    } catch .extendedKey(.wrongNetwork) where isTest {
      do {
        return try KeyExpression(text, network: .testnet3)
      } catch {
        throw .key(error)
      }
    } catch {
      throw .key(error)
    }
  }
}

extension EthereumAccount: Hashable {
  package static func == (a: EthereumAccount, b: EthereumAccount) -> Bool { a.text == b.text }

  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension EthereumAccount: CustomStringConvertible {
  package var description: String { text }
}
