package import Cache
package import Settings

extension RedisSettings {
  /// The cache that all processes share. Doesn't wait for Redis.
  ///
  /// - Parameter onChange: gets what becomes of each connection; must be quick
  package func cache(
    onChange: @escaping @Sendable (RedisLinkChange) -> Void
  ) throws -> RedisCache {
    var options = RedisOptions(host: host, port: port)
    options.user = user
    options.password = password?.text
    options.database = database
    return try RedisCache(options, onChange: onChange)
  }
}
