/// The names under which a shop's records are cached. All begin with the tenant, so that no tenant
/// can be given another's.
package struct CacheKeys: Sendable {
  private let tenant: String

  /// Single records.
  package static let recordMilliseconds: Int64 = 3_600_000
  /// Lists, in which more changes.
  package static let listMilliseconds: Int64 = 1_800_000

  package init(tenant: String) {
    self.tenant = tenant
  }

  /// `supply:{id}`
  package func supply(_ id: String) throws(CacheError) -> CacheKey {
    try key(["supply", id], Self.recordMilliseconds)
  }

  /// `supplies:user:{user}`
  package func supplies(ofUser user: String) throws(CacheError) -> CacheKey {
    try key(["supplies", "user", user], Self.listMilliseconds)
  }

  /// `order:{id}`
  package func order(_ id: String) throws(CacheError) -> CacheKey {
    try key(["order", id], Self.recordMilliseconds)
  }

  /// `order:{id}:items`
  package func orderItems(_ id: String) throws(CacheError) -> CacheKey {
    try key(["order", id, "items"], Self.recordMilliseconds)
  }

  /// `orders:user:{user}`
  package func orders(ofUser user: String) throws(CacheError) -> CacheKey {
    try key(["orders", "user", user], Self.listMilliseconds)
  }

  /// `claim:{id}`
  package func claim(_ id: String) throws(CacheError) -> CacheKey {
    try key(["claim", id], Self.recordMilliseconds)
  }

  /// `claim:order:{order}`
  package func claim(ofOrder order: String) throws(CacheError) -> CacheKey {
    try key(["claim", "order", order], Self.recordMilliseconds)
  }

  /// Anything else of the tenant's, such as a rate limit's bucket or a quote.
  package func key(
    _ words: [String], _ lifetimeMilliseconds: Int64
  ) throws(CacheError) -> CacheKey {
    try CacheKey(["tenant", tenant] + words, lifetimeMilliseconds: lifetimeMilliseconds)
  }
}
