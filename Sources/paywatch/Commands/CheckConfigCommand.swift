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
    print("\(file) is right: region \(settings.region), \(settings.database.name)")
    if let kafka = settings.kafka { print("kafka: \(kafka.brokers)") }
    if let redis = settings.redis { print("redis: \(redis.host):\(redis.port)") }
    for chain in settings.chains {
      let nodes = chain.nodes.map(\.name).joined(separator: ", ")
      print("chain \(chain.spec.name): \(chain.quorum) of \(chain.nodes.count) nodes (\(nodes))")
      print("  headers prove \(chain.proof)")
      let largest = chain.largestPayment.map { limit in
        "\(Amount(minorUnits: limit, asset: chain.spec.asset).units) \(chain.spec.asset.symbol)"
      }
      print("  largest payment: \(largest ?? "no limit")")
    }
    for tenant in plan.tenants {
      for account in tenant.accounts { print("tenant \(tenant.id): \(account.text)") }
    }
  }
}
