internal import Foundation

// Database, Kafka and Redis.
extension PaywatchConfiguration {
  static func database(_ mapping: SettingsMapping) -> DatabaseSettings {
    defer { mapping.finish() }
    let postgreSQL = postgreSQL(mapping.nested("postgresql"))
    let sqlite = mapping.optionalText("sqlite")
    if let postgreSQL {
      if mapping.isGiven("sqlite") {
        mapping.note("sqlite", "The database is either sqlite or postgresql: remove one.")
      }
      return .postgreSQL(postgreSQL)
    }
    if !mapping.isGiven("sqlite") {
      mapping.note(
        "sqlite", "It is missing: the path of the database's file, or postgresql with a url.")
    }
    return .sqlite(path: mapping.file.resolve(sqlite ?? ""))
  }

  private static func postgreSQL(_ mapping: SettingsMapping) -> PostgreSQLSettings? {
    guard mapping.isThere else { return nil }
    let url = mapping.text("url", hint: "such as postgresql://paywatch@127.0.0.1/paywatch.")
    if !url.isEmpty { check(url, schemes: ["postgresql", "postgres"], of: mapping) }
    let password = secret(mapping, "password_file")
    let connections = mapping.integer("connections", in: 2...1_000, default: 8)
    let timeout = mapping.integer(
      "statement_timeout_milliseconds", in: 100...3_600_000, default: 30_000)
    mapping.finish()
    return PostgreSQLSettings(
      url: url, password: password, connections: connections,
      statementTimeoutMilliseconds: timeout)
  }

  static func watchSnapshotDirectory(
    _ root: SettingsMapping, database: DatabaseSettings
  ) -> String? {
    let mapping = root.nested("watch_snapshots")
    let isEnabled = mapping.optionalFlag("enabled")
    let directory = mapping.optionalText("directory").map(mapping.file.resolve)
    mapping.finish()
    guard isEnabled ?? true else { return nil }
    if let directory { return directory }
    switch database {
    case .sqlite(let path): return "\(path)-addresses"
    case .postgreSQL:
      if isEnabled == true {
        mapping.note("directory", "It is missing: where this machine keeps the snapshots.")
      }
      return nil
    }
  }

  static func kafka(_ root: SettingsMapping) -> KafkaSettings? {
    let mapping = root.nested("kafka")
    guard mapping.isThere else { return nil }
    let brokers = mapping.text("brokers", hint: "such as kafka-1:9092,kafka-2:9092.")
    if !brokers.isEmpty, !brokers.split(separator: ",").allSatisfy(isHostAndPort) {
      mapping.note("brokers", "It must be host:port, several separated by commas.")
    }
    let password = secret(mapping, "sasl_password_file")
    let topics = mapping.texts("topics").map { $0.text }
    let own = mapping.nested("properties")
    var properties: [String: String] = [:]
    for name in own.names {
      if let reason = secrets[name] { own.note(name, reason) }
      properties[name] = own.text(name, hint: "")
    }
    mapping.finish()
    return KafkaSettings(
      brokers: brokers, topics: topics.isEmpty ? nil : topics, properties: properties,
      password: password)
  }

  /// Properties with secrets, and where else these belong. What the others may be, librdkafka
  /// knows.
  private static let secrets = [
    "sasl.password": "It has no place in this file: use sasl_password_file.",
    "ssl.key.password": "It has no place in this file: use a key without one.",
    "ssl.keystore.password": "It has no place in this file: use ssl.key.location.",
    "sasl.oauthbearer.client.secret": "It has no place in this file: use another mechanism.",
  ]

  private static func isHostAndPort(_ text: Substring) -> Bool {
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex else { return false }
    return UInt16(text[text.index(after: colon)...]).map { $0 > 0 } ?? false
  }

  static func redis(_ root: SettingsMapping) -> RedisSettings? {
    let mapping = root.nested("redis")
    guard mapping.isThere else { return nil }
    let url = mapping.text("url", hint: "such as redis://127.0.0.1:6379/0.")
    let user = mapping.optionalText("user")
    let password = secret(mapping, "password_file")
    mapping.finish()
    if user != nil, !mapping.isGiven("password_file") {
      mapping.note("user", "It needs password_file: a file that holds the password.")
    }
    if url.hasPrefix("rediss://") {
      mapping.note("url", "Redis isn't spoken to with TLS: put a tunnel before it.")
      return nil
    }
    guard !url.isEmpty, check(url, schemes: ["redis"], of: mapping) else { return nil }
    let parts = URLComponents(string: url)
    let path = (parts?.path ?? "").drop { $0 == "/" }
    guard let number = path.isEmpty ? 0 : Int(path), (0...1_000_000).contains(number),
      let port = UInt16(exactly: parts?.port ?? 6_379), port > 0
    else {
      mapping.note("url", "After the host come the port and the database's number: :6379/0.")
      return nil
    }
    return RedisSettings(
      host: parts?.host ?? "", port: port, database: number, user: user, password: password)
  }

  /// Notes what is wrong with a URL; false where something is. The text may hold a password, so no
  /// message repeats it.
  @discardableResult
  static func check(
    _ url: String, named name: String = "url", schemes: [String], of mapping: SettingsMapping
  ) -> Bool {
    guard let parts = URLComponents(string: url), let scheme = parts.scheme,
      schemes.contains(scheme), let host = parts.host, !host.isEmpty
    else {
      let beginnings = schemes.map { "\($0)://" }.joined(separator: " or ")
      mapping.note(name, "It must begin with \(beginnings) and have a host.")
      return false
    }
    guard parts.password == nil,
      !(parts.queryItems ?? []).contains(where: { $0.name == "password" })
    else {
      mapping.note(name, "It must hold no password: use password_file.")
      return false
    }
    return true
  }

  /// The first line of the file that a setting names; nil where none is named or it can't be read,
  /// with the mistake noted.
  static func secret(_ mapping: SettingsMapping, _ name: String) -> Secret? {
    guard let path = mapping.optionalText(name).map(mapping.file.resolve) else { return nil }
    guard let data = FileManager.default.contents(atPath: path), data.count <= 4_096,
      let line = String(data: data, encoding: .utf8)?.split(whereSeparator: \.isNewline).first
    else {
      mapping.note(name, "\(path) can't be read, is empty or over 4,096 bytes.")
      return nil
    }
    return Secret(String(line))
  }
}
