internal import Aggregates
package import ChainTypes
package import Database
package import HTTPClient

/// Sends deliveries to webhooks: one signed request, to an address that was looked up and checked
/// just before, and nowhere else. No redirect is followed, no proxy used.
package struct WebhookChannel: DeliveryChannel {
  private let database: any Database
  private let client: HTTPClient
  private let resolver: any HostResolver
  private let refusal: @Sendable (IPAddress) -> String?
  private let now: @Sendable () -> Timestamp
  private let store = RecordStore<WebhookEndpoint>()

  package static let timeoutMilliseconds = 15_000

  package var name: ChannelName { .webhook }

  /// - Parameters:
  ///   - client: for webhooks alone, since those who share one share connections
  ///   - refusal: why an address isn't to be connected to; nil where it may be
  package init(
    database: any Database, client: HTTPClient, resolver: any HostResolver,
    refusal: @escaping @Sendable (IPAddress) -> String? = { AddressScope.refusal(of: $0) },
    now: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.client = client
    self.resolver = resolver
    self.refusal = refusal
    self.now = now
  }

  package func attempt(_ delivery: Delivery) async -> DeliveryOutcome {
    let webhook: WebhookEndpoint?
    let secrets: [WebhookSecret]
    do {
      (webhook, secrets) = try await load(delivery)
    } catch {
      return .postponed(AttemptNote("The webhook can't be read now."), cause: "\(error)")
    }
    guard let webhook, webhook.isEnabled else {
      return .canceled(AttemptNote("The webhook is disabled."))
    }
    // What was allowed when it was made may not be any more; the address is checked all the same.
    let lenient = WebhookPolicy(allowsHTTP: true, allowsPrivateHosts: true)
    guard let url = try? WebhookURL(webhook.details.url, policy: lenient) else {
      return .failed(AttemptNote("The webhook's URL can't be used."))
    }
    let addresses: [IPAddress]
    do throws(HostResolutionError) {
      addresses = try await self.addresses(of: url)
    } catch {
      return switch error {
      case .failed(let text): .retry(AttemptNote("The host isn't found: \(text)."))
      case .busy: .postponed(AttemptNote("Too many names are being looked up."))
      case .cancelled: .retry(AttemptNote("Looking up the host took too long."))
      }
    }
    for address in addresses {
      if let reason = refusal(address) {
        return .failed(AttemptNote("Blocked: \(address) is no public address: \(reason)."))
      }
    }
    return await send(delivery, to: url, at: addresses, secrets)
  }

  package func retire(
    _ target: DeliveryTarget, because reason: RetirementReason, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let known = try store.load(target.key, tenant: target.tenant, in: connection)
    guard var webhook = known, !webhook.isDeleted else { return }
    let fact: WebhookFact =
      switch reason {
      case .gone: .disabled(.gone)
      case .failing: .disabled(.failing)
      }
    try store.apply(fact, to: &webhook, now: now, in: connection)
  }

  private func load(
    _ delivery: Delivery
  ) async throws -> (WebhookEndpoint?, [WebhookSecret]) {
    let (store, target, now) = (store, delivery.target, now())
    return try await database.read { connection in
      (
        try store.load(target.key, tenant: target.tenant, locking: false, in: connection),
        try WebhookSecretRecords.valid(target.key, at: now, in: connection)
      )
    }
  }

  private func addresses(of url: WebhookURL) async throws(HostResolutionError) -> [IPAddress] {
    if let address = url.address { return [address] }
    return try await resolver.addresses(of: url.host)
  }

  // MARK: Sending

  private func send(
    _ delivery: Delivery, to url: WebhookURL, at addresses: [IPAddress],
    _ secrets: [WebhookSecret]
  ) async -> DeliveryOutcome {
    let body = Array(delivery.content.utf8)
    let timestamp = now().microseconds / 1_000_000
    var request = HTTPRequest(
      method: .post, url: url.text,
      headers: [
        HTTPHeader("Content-Type", "application/cloudevents+json; charset=UTF-8"),
        HTTPHeader("User-Agent", "Paywatch"),
        HTTPHeader("webhook-id", delivery.id),
        HTTPHeader("webhook-timestamp", "\(timestamp)"),
        HTTPHeader(
          "webhook-signature",
          WebhookSecret.signatures(
            of: secrets, id: delivery.id, timestamp: timestamp, body: body)),
      ],
      body: body, timeoutMilliseconds: Self.timeoutMilliseconds,
      maxResponseBytes: AttemptNote.maximumAnswerBytes)
    request.keepsBeginning = true
    request.pin = AddressPin(host: url.host, port: url.port, addresses: addresses)
    do throws(HTTPClientError) {
      return WebhookReply(try await client.send(request), at: now()).outcome
    } catch {
      return switch error {
      case .addressRefused(let address):
        .failed(AttemptNote("Blocked: \(address) isn't the address that was checked."))
      case .invalidRequest(let text): .failed(AttemptNote("The request can't be made: \(text)."))
      case .timedOut: .retry(AttemptNote("No answer came in time."))
      case .connectionFailed(let text): .retry(AttemptNote("No connection: \(text)."))
      case .connectionLost(let text): .retry(AttemptNote("The connection broke: \(text)."))
      case .tls(let text): .retry(AttemptNote("No secure connection: \(text)."))
      case .tooLarge: .retry(AttemptNote("The answer's header is too large."))
      case .cancelled: .retry(AttemptNote("It took too long."))
      case .shutDown: .postponed(AttemptNote("The process is ending."))
      }
    }
  }
}
