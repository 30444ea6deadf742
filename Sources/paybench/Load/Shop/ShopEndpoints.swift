internal import Foundation

/// What is asked of a served shop: every route of its API, with answers as they are where all goes
/// well. A test holds the list against the API's own description.
struct ShopEndpoints: Sendable {
  let shop: ServedShop
  let requests: ShopRequests

  /// An endpoint and how requests for it are made.
  struct Asked: Sendable {
    /// Its method and path, as the API's description has them; what it is asked for behind a comma.
    let name: String
    /// Beside the others'.
    var share: Int
    var status = 200
    /// Whether the answer is a stream, which is held open from then on.
    var isStream = false
    /// What each request takes of what is prepared.
    var takes: PreparedShop.Stage?
    /// So many requests that each may be sent once, or fewer where they may be sent again.
    let make: @Sendable (Int, inout PreparedShop) async throws -> ByteRun

    /// Without what it is asked for.
    var route: String { String(name.prefix { $0 != "," }) }

    init(
      _ name: String, share: Int = usualShare, status: Int = 200, isStream: Bool = false,
      takes: PreparedShop.Stage? = nil,
      _ make: @escaping @Sendable (Int, inout PreparedShop) async throws -> ByteRun
    ) {
      (self.name, self.share, self.status) = (name, share, status)
      (self.isStream, self.takes, self.make) = (isStream, takes, make)
    }
  }

  /// Of what is asked seldom: enough of it for a 99th percentile.
  static let usualShare = 2

  /// What of the API isn't asked, and why not.
  static let exceptions: [String: String] = [:]

  init(_ shop: ServedShop) {
    self.shop = shop
    requests = ShopRequests(shop: shop)
  }

  var all: [Asked] {
    paymentEndpoints + refundEndpoints + orderEndpoints + claimEndpoints + supplyEndpoints
      + priceEndpoints + notificationEndpoints + operationEndpoints
  }

  /// Waits until all the addresses that are derived ahead can be handed out.
  private func waitForAddresses() async throws {
    _ = try await requests.texts(
      """
      SELECT chain AS text FROM chains WHERE addresses_through >= (
        SELECT ordinal FROM addresses WHERE payment_id IS NULL AND touched = 0
        ORDER BY ordinal LIMIT 1 OFFSET \(shop.readyAddresses - 1))
      """, atLeast: 1)
  }

  /// Fills the shop with what is read.
  func begin(_ count: Int) async throws {
    try await waitForAddresses()
    try await requests.send(supplies(Self.products), expecting: 201)
    try await requests.send(orders(count), expecting: 201)
    try await requests.send(payments(count), expecting: 201)
    try await beginNotifications()
    let several = max(10, count / 5)
    var prepared = try await PreparedShop.make(
      [.ready: several, .claimed: several + Self.keptClaims], for: self)
    try await beginClaims(prepared.take(Self.keptClaims, .claimed))
    try await requests.send(
      asking("POST", "/v1/orders/{id}/complete", of: prepared.take(several, .ready)),
      expecting: 200)
    try await beginRefunds()
  }

  /// A schedule of all endpoints, with its requests made.
  func schedule(rate: Double, seconds: Double, seed: UInt64) async throws -> LoadSchedule {
    let all = all
    var schedule = LoadSchedule(
      all.map {
        LoadSchedule.Endpoint(
          name: $0.name, share: $0.share, status: $0.status, isStream: $0.isStream)
      }, rate: rate, seconds: seconds, seed: seed)
    let counts = all.indices.map { schedule.count(of: $0) }
    var needed: [PreparedShop.Stage: Int] = [:]
    for (asked, count) in zip(all, counts) {
      if let stage = asked.takes { needed[stage, default: 0] += count }
    }
    var prepared = try await PreparedShop.make(needed, for: self)
    for place in all.indices {
      schedule.endpoints[place].requests = try await all[place].make(counts[place], &prepared)
    }
    try await waitForAddresses()
    try await waitForDeliveries()
    return schedule
  }

  /// Requests for event streams of so many orders, to be held open over all loads.
  func streams(_ count: Int) async throws -> ByteRun {
    let orders = try await requests.texts(Self.someOrders)
    return requests.run(
      (0..<count).map { place in
        requests.stream("/v1/orders/\(orders[place % orders.count])/events")
      })
  }

  // MARK: Making requests

  /// Reads that may be repeated; of records whose ids the query gives where there is one.
  func reading(
    _ path: String, share: Int = usualShare, _ ids: String? = nil, query: String = "",
    as token: String? = nil
  ) -> Asked {
    Asked("GET \(path)", share: share) { _, _ in
      guard let ids else {
        return requests.run([requests.request("GET", path + query, as: token)])
      }
      return try await asking("GET", path, of: found(ids, path))
    }
  }

  /// Asks for the same path as a stream, which stays open.
  func streaming(_ path: String, share: Int = usualShare, _ ids: String) -> Asked {
    Asked("GET \(path), held open", share: share, isStream: true) { _, _ in
      requests.run(
        try await found(ids, path).map {
          requests.stream(path.replacing(Self.place, with: $0))
        })
    }
  }

  /// Asks again and again for what the query gives.
  func repeating(
    _ method: String, _ path: String, status: Int = 200, _ ids: String, body: String? = nil,
    as token: String? = nil
  ) -> Asked {
    Asked("\(method) \(path)", status: status) { count, _ in
      let found = try await found(ids, path)
      return asking(
        method, path, of: (0..<count).map { found[$0 % found.count] }, body: body, as: token)
    }
  }

  func found(_ ids: String, _ path: String) async throws -> [String] {
    let found = try await requests.texts(ids)
    guard !found.isEmpty else { throw BenchmarkFailure("nothing to ask for at \(path)") }
    return found
  }

  func asking(
    _ method: String, _ path: String, of ids: [String], body: String? = nil,
    as token: String? = nil
  ) -> ByteRun {
    requests.run(
      ids.map { id in
        // Bodies that must differ have a # for that.
        requests.request(
          method, path.replacing(Self.place, with: id),
          body: body?.replacing("#", with: UUID().uuidString), as: token)
      })
  }

  /// What an id takes of a path.
  private static var place: some RegexComponent { #/\{\w+\}/# }

  /// Sends so many requests that make something, and gives the ids of what they made.
  func made(
    _ count: Int, by make: (Int) -> ByteRun, _ ids: String
  ) async throws -> [String] {
    guard count > 0 else { return [] }
    try await requests.send(make(count), expecting: 201)
    return try await requests.texts(ids)
  }
}
