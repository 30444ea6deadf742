package import Addresses
package import ChainTypes
package import Ethereum

/// What the issuer of a listed token did to it in a block, by the contract's own proved logs.
package struct BlockNotice: Hashable, Sendable {
  package let block: BlockRef
  package let logged: LoggedNotice
  /// The token's.
  package let symbol: String
  /// The watched address that it names; nil where it names none of ours.
  package let ordinal: UInt64?
  /// How many of the block's notices aren't told; with the last that is, 0 with the others.
  package var omitted = 0

  package init(block: BlockRef, logged: LoggedNotice, symbol: String, ordinal: UInt64?) {
    self.block = block
    self.logged = logged
    self.symbol = symbol
    self.ordinal = ordinal
  }

  /// Those of a block's that are told, in its order: all that name our addresses, and of the others
  /// at most `limit`, first those about a whole token, for an issuer may freeze thousands of
  /// accounts at once. Of what units come and go nothing is told.
  package static func told(
    of logged: [LoggedNotice], in block: BlockRef, spec: ChainSpec, limit: Int,
    ordinal: (EthereumAddress) -> UInt64?
  ) -> [BlockNotice] {
    let all = logged.compactMap { logged -> BlockNotice? in
      guard !logged.notice.isSupply, let token = spec.token(logged.contract.hash) else {
        return nil
      }
      return BlockNotice(
        block: block, logged: logged, symbol: token.asset.symbol,
        ordinal: logged.notice.account.flatMap(ordinal))
    }
    let others = all.indices.filter { all[$0].ordinal == nil }
    let aboutTokens = others.filter { all[$0].logged.notice.account == nil }
    let aboutAccounts = others.filter { all[$0].logged.notice.account != nil }
    let left = Set((aboutTokens + aboutAccounts).dropFirst(limit))
    var told = all.indices.filter { !left.contains($0) }.map { all[$0] }
    if let last = told.indices.last { told[last].omitted = left.count }
    return told
  }
}
