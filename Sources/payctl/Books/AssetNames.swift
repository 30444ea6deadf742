internal import Aggregates
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

/// What assets are called and how many decimals they have: by the configuration's chains, or as far
/// as the database tells, by the terms of a payment in them, and for chains' own coins by their
/// family.
struct AssetNames {
  private struct Key: Hashable {
    let chain: ChainName
    let contract: Hash20?
  }

  private let connection: any SQLConnection
  private let listed: [ChainSpec]
  private var known: [Key: Asset?] = [:]

  /// - Parameter listed: the configuration's chains, where there is one
  init(connection: any SQLConnection, listed: [ChainSpec]) {
    self.connection = connection
    self.listed = listed
  }

  /// Nil for a token that isn't listed and in which no payment was ever due.
  mutating func asset(_ contract: Hash20?, on chain: ChainName) throws -> Asset? {
    let key = Key(chain: chain, contract: contract)
    if let known = known[key] { return known }
    if let spec = listed.first(where: { $0.name == chain }),
      let token = contract.map(spec.token) ?? spec.coin
    {
      return token.asset
    }
    let row = try connection.queryFirst(
      "SELECT terms FROM payments WHERE chain = $1 AND contract = $2 LIMIT 1",
      [.text(chain.text), .contract(contract)])
    var asset = try row.map {
      try CanonicalJSON.value(PaymentTerms.self, from: $0.text("terms")).asset
    }
    if asset == nil, contract == nil {
      let form = try ChainRecords.hashForm(of: chain, in: connection)
      asset = form == .bitcoin ? .btc : .eth
    }
    known[key] = asset
    return asset
  }
}
