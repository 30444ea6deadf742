internal import ChainTypes
internal import Deployment
internal import Leases
internal import Logging
internal import Settlement
internal import Watching

/// Does what tenants' policies say about money that came late, short or over, once it is final.
struct Remedying: Sendable {
  let surroundings: Surroundings
  /// Called after steps that may have appended events.
  let onEvents: @Sendable () -> Void

  /// How many payments are looked at before others are asked for.
  private static let limit = 100

  func run() async throws {
    let service = RemedyService(refunds: RefundService(surroundings.plan.configuration))
    try await surroundings.whileHolding("remedies:\(surroundings.region)") { lease in
      while !Task.isCancelled {
        do {
          while try await step(service, under: lease) == Self.limit, !Task.isCancelled {}
        } catch let lost as LeaseLost {
          throw lost
        } catch {
          surroundings.logger.error(
            "applying policies to payments failed", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  private func step(_ service: RemedyService, under lease: Lease) async throws -> Int {
    let count = try await service.step(
      on: surroundings.database, under: lease, now: SystemTime().now, limit: Self.limit
    ) {
      var generator = SystemRandomNumberGenerator()
      return (generator.next(), generator.next())
    }
    if count > 0 {
      surroundings.logger.info("policies applied", metadata: ["payments": "\(count)"])
      onEvents()
    }
    return count
  }
}
