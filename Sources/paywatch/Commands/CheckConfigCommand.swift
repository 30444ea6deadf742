internal import Addresses
internal import ArgumentParser
internal import ChainTypes
internal import Deployment
internal import Foundation
internal import Keys
internal import Settings

struct CheckConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Explains the mistakes in a configuration, each with its place; changes nothing.")

  @Argument(help: "The configuration's file.")
  var file: String

  func run() async throws {
    let plan = try Plan(file: file, environment: ProcessInfo.processInfo.environment)
    let settings = plan.configuration
    _ = try await plan.tokenVerifier()
    print("\(file) is right: region \(settings.region), \(settings.database.name)")
    if let kafka = settings.kafka { print("kafka: \(kafka.brokers)") }
    if let redis = settings.redis { print("redis: \(redis.host):\(redis.port)") }
    if let tokens = settings.tokens {
      let keys = tokens.keys.map { "\($0.id) (\($0.algorithm.rawValue))" }
      let set = tokens.keySet == nil ? [] : ["a key set"]
      print("tokens of \(tokens.issuer): \((keys + set).joined(separator: ", "))")
    }
    if let prices = settings.prices {
      let sources = prices.sources.map(\.name) + (prices.fixed.isEmpty ? [] : ["fixed rates"])
      print(
        "prices: \(prices.pairs.map(\.description).joined(separator: ", ")) from "
          + sources.joined(separator: ", "))
    }
    explain(settings.services)
    for chain in settings.chains {
      let nodes = chain.nodes.map(\.name).joined(separator: ", ")
      print("chain \(chain.spec.name): \(chain.quorum) of \(chain.nodes.count) nodes (\(nodes))")
      print("  headers prove \(chain.proof)")
      if let ethereum = chain.ethereum { explain(ethereum, of: chain.spec) }
      for listed in chain.spec.assets {
        let largest = chain.largestPayment(in: listed).map {
          Amount(minorUnits: $0, asset: listed.asset).description
        }
        let asset = chain.spec.tokens.isEmpty ? "" : " in \(listed.asset)"
        print("  largest payment\(asset): \(largest ?? "no limit")")
      }
    }
    for tenant in plan.tenants {
      for account in tenant.accounts { print("tenant \(tenant.id): \(account.text)") }
      let families = Set(tenant.accounts.map(\.family))
      let unpaid = settings.chains.map(\.spec).filter { !families.contains($0.family.name) }
      if !unpaid.isEmpty {
        let names = unpaid.map(\.name.text).joined(separator: ", ")
        print("tenant \(tenant.id): no account, and so no payments, on \(names)")
      }
    }
  }

  private func explain(_ services: ServiceSettings) {
    func line(_ what: String, _ address: ServiceSettings.Address?) {
      guard let address else { return }
      let how = services.tls == nil ? "unencrypted" : "TLS"
      print("services: \(what) \(address.host):\(address.port), \(how)")
    }
    line("calls are answered on", services.listen)
    line("stock is asked for at", services.supply)
    line("payments are asked for at", services.payments)
    line("rates are asked for at", services.prices)
    if services.events == .kafka { print("services: events of others come from Kafka") }
  }

  /// What becomes of coin that contracts move.
  private static func innerCoin(_ ethereum: EthereumSettings, _ coin: Asset) -> String {
    if ethereum.traces {
      return "\(coin) that contracts move is found by traces, and proved by balances"
    }
    let count = ethereum.balanceProofsPerBlock
    guard count > 0 else {
      return "\(coin) that contracts move is not found: that needs nodes with traces"
    }
    return
      "\(coin) that contracts move is not credited: that needs nodes with traces; that it came "
      + "is told, by \(count) balances a block"
  }

  private func explain(_ ethereum: EthereumSettings, of spec: ChainSpec) {
    guard case .ethereum(let network) = spec.family else { return }
    print("  chain id \(network.chainID), proof profile \(network.profile.rawValue)")
    if !spec.isCredited { print("  nothing on it is credited: tokens that come are only told") }
    let tag = spec.finalityTag.map { " and at or below the block that is \($0.rawValue)" } ?? ""
    print("  final: \(spec.finalityDepth) confirmations deep\(tag)")
    for token in spec.tokens {
      let contract = token.asset.contract.map { EthereumAddress($0).text } ?? ""
      print("  token \(token.asset): \(contract), \(token.asset.decimals) decimals")
    }
    guard network.profile.provesTransactions else {
      print("  \(spec.asset) isn't seen on it: its transactions can't be proved yet")
      return
    }
    print("  \(Self.innerCoin(ethereum, spec.asset))")
  }
}
