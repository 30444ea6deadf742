package import ChainTypes
package import HTTPClient

/// Asks feeds over HTTP. Bodies are bounded, redirects aren't followed, and whatever is wrong with
/// an answer is that source's failure alone.
package struct FeedClient: Sendable {
  private let client: HTTPClient
  private let now: @Sendable () -> Timestamp

  package static let maximumBodyBytes = 1 << 18

  package init(_ client: HTTPClient, now: @escaping @Sendable () -> Timestamp) {
    self.client = client
    self.now = now
  }

  package func ask(
    _ feed: PriceFeed, of pair: CurrencyPair
  ) async throws(FeedFailure) -> Observation {
    let askedAt = now()
    let response: HTTPResponse
    do {
      response = try await client.send(
        HTTPRequest(
          url: feed.filled(feed.url, for: pair),
          headers: [HTTPHeader("Accept", "application/json"), HTTPHeader("User-Agent", "paywatch")]
            + feed.headers.map { HTTPHeader($0.name, $0.value) },
          timeoutMilliseconds: feed.timeoutMilliseconds,
          maxResponseBytes: Self.maximumBodyBytes))
    } catch {
      throw .unreachable(Self.words(error))
    }
    guard response.status == 200 else { throw .status(response.status) }
    return try feed.observation(of: pair, in: response.body, askedAt: askedAt)
  }

  private static func words(_ error: HTTPClientError) -> String {
    switch error {
    case .timedOut: "it didn't answer in time"
    case .connectionFailed(let reason): "no connection: \(reason)"
    case .addressRefused(let address): "no connection to \(address)"
    case .connectionLost(let reason): "the connection broke: \(reason)"
    case .tooLarge(let limit): "its answer is longer than \(limit) bytes"
    case .cancelled, .shutDown: "the question was withdrawn"
    case .tls(let reason): "TLS: \(reason)"
    case .invalidRequest(let reason): "it can't be asked: \(reason)"
    }
  }
}
