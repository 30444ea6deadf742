internal import ChainTypes
internal import GRPCCore
internal import Prices

/// `paywatch.prices.v1.Rates`, answered by whoever keeps rates up.
struct RatesService: Paywatch_Prices_V1_Rates.SimpleServiceProtocol {
  static let name = Paywatch_Prices_V1_Rates.descriptor.fullyQualifiedService

  let rates: any PriceRates
  let status: ServingStatus

  func getRate(
    request: Paywatch_Prices_V1_GetRateRequest, context: ServerContext
  ) async throws -> Paywatch_Prices_V1_GetRateReply {
    let pair = try CurrencyPair(request)
    do {
      return RateReply.current(try await whileAwaited(status) { try await rates.rate(of: pair) })
        .message
    } catch RateRefusal.unknownPair {
      return RateReply.unknown.message
    } catch RateRefusal.unavailable(_, let last) {
      return RateReply.stale(last).message
    }
  }
}
