/// Where Redis is and how long it may take.
package struct RedisOptions: Sendable, Equatable {
  package var host: String
  package var port: UInt16
  /// An ACL user; nil for the default one.
  package var user: String?
  package var password: String?
  package var database = 0
  /// Stands before all keys: the installation's name, letters, digits and `-_.:`.
  package var prefix = "paywatch"
  /// Connections, each with a thread of its own.
  package var connections = 2
  package var connectMilliseconds: Int64 = 1_000
  /// From handing in a command to its answer.
  package var commandMilliseconds: Int64 = 250
  /// The pauses between attempts to connect grow from the first to the second.
  package var shortestPauseMilliseconds: Int64 = 50
  package var longestPauseMilliseconds: Int64 = 5_000
  /// What may wait for one connection; what comes on top of it isn't asked.
  package var queueLimit = 10_000
  package var queueBytes = 16 << 20
  /// How many keys may wait for their deletion while Redis can't be reached. Beyond that, all of
  /// the prefix are deleted once it can.
  package var pendingKeys = 10_000

  package init(host: String, port: UInt16 = 6_379) {
    self.host = host
    self.port = port
  }

  /// Why options can't be used; never shows a password.
  package enum Invalid: Error, Sendable, Equatable {
    /// `redis://[user[:password]@]host[:port][/database]` is the form.
    case url
    /// `rediss://` needs hiredis with TLS, which this program isn't built with: a tunnel to
    /// loopback takes its place.
    case tlsUnavailable
    case prefix
  }

  /// Reads `redis://[user[:password]@]host[:port][/database]` (IANA's provisional registration).
  ///
  /// - Parameter password: from a file; goes before the URL's
  package init(url: String, password: String? = nil) throws(Invalid) {
    if url.lowercased().hasPrefix("rediss://") { throw .tlsUnavailable }
    guard url.utf8.count <= 2_048, url.lowercased().hasPrefix("redis://") else { throw .url }
    var rest = url.dropFirst("redis://".count)
    guard !rest.contains(where: { $0 == "?" || $0 == "#" || $0.isWhitespace }) else { throw .url }
    var user: String?
    var ownPassword: String?
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      user = try parts.first.map(Self.decoded).flatMap { $0.isEmpty ? nil : $0 }
      if parts.count == 2 { ownPassword = try Self.decoded(parts[1]) }
      rest = rest[rest.index(after: at)...]
    }
    var number = 0
    if let slash = rest.firstIndex(of: "/") {
      let text = rest[rest.index(after: slash)...]
      if !text.isEmpty {
        guard let parsed = UInt16(text) else { throw .url }
        number = Int(parsed)
      }
      rest = rest[..<slash]
    }
    let (host, port) = try Self.hostAndPort(rest)
    self.init(host: host, port: port)
    self.user = user
    self.password = password ?? ownPassword
    database = number
  }

  private static func hostAndPort(_ text: Substring) throws(Invalid) -> (String, UInt16) {
    var host = text
    var port: Substring?
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { throw .url }
      host = text[text.index(after: text.startIndex)..<end]
      let after = text[text.index(after: end)...]
      guard after.isEmpty || after.first == ":" else { throw .url }
      port = after.isEmpty ? nil : after.dropFirst()
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
      guard !host.contains(":") else { throw .url }
    }
    guard !host.isEmpty, host.utf8.count <= 255, !host.utf8.contains(0) else { throw .url }
    guard let port else { return (String(host), 6_379) }
    guard let number = UInt16(port), number > 0 else { throw .url }
    return (String(host), number)
  }

  private static func decoded(_ text: Substring) throws(Invalid) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
      else { throw .url }
      bytes.append(high << 4 | low)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .url }
    return decoded
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
  }

  /// The same with every number brought within sensible bounds; throws where the prefix holds
  /// what a pattern or a name must not.
  func validated() throws(Invalid) -> RedisOptions {
    let isPlain = prefix.utf8.allSatisfy { byte in
      let character = Character(UnicodeScalar(byte))
      return byte < 128
        && (character.isLetter || character.isNumber || "-_.:".contains(character))
    }
    guard isPlain, (1...64).contains(prefix.utf8.count) else { throw .prefix }
    func bounded(_ value: Int64) -> Int64 { min(max(1, value), 600_000) }
    var options = self
    options.connections = min(max(1, connections), 64)
    options.connectMilliseconds = bounded(connectMilliseconds)
    options.commandMilliseconds = bounded(commandMilliseconds)
    options.shortestPauseMilliseconds = bounded(shortestPauseMilliseconds)
    options.longestPauseMilliseconds = bounded(longestPauseMilliseconds)
    options.queueLimit = min(max(1, queueLimit), 1_000_000)
    options.queueBytes = min(max(2 * CacheLimits.valueBytes, queueBytes), 1 << 30)
    options.pendingKeys = min(max(1, pendingKeys), 1_000_000)
    return options
  }
}
