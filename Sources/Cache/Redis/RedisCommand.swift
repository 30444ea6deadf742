/// A command in Redis' protocol (RESP 2): an array of bulk strings.
struct RedisCommand: Sendable {
  private(set) var bytes: [UInt8] = []

  enum Word: ExpressibleByStringLiteral {
    case text(String)
    case bytes([UInt8])

    init(stringLiteral value: String) { self = .text(value) }
  }

  init(_ words: [Word]) {
    let size = words.reduce(16) { sum, word in
      switch word {
      case .text(let text): sum + text.utf8.count + 16
      case .bytes(let bytes): sum + bytes.count + 16
      }
    }
    bytes.reserveCapacity(size)
    append(UInt8(ascii: "*"), words.count)
    for word in words {
      switch word {
      case .text(let text):
        append(UInt8(ascii: "$"), text.utf8.count)
        bytes.append(contentsOf: text.utf8)
      case .bytes(let value):
        append(UInt8(ascii: "$"), value.count)
        bytes.append(contentsOf: value)
      }
      bytes.append(contentsOf: [13, 10])
    }
  }

  private mutating func append(_ mark: UInt8, _ count: Int) {
    bytes.append(mark)
    bytes.append(contentsOf: String(count).utf8)
    bytes.append(contentsOf: [13, 10])
  }
}

extension RedisCommand {
  static func get(_ key: String) -> RedisCommand { RedisCommand(["GET", .text(key)]) }

  static func set(_ key: String, _ value: [UInt8], milliseconds: Int64) -> RedisCommand {
    RedisCommand(["SET", .text(key), .bytes(value), "PX", .text(String(milliseconds))])
  }

  static func add(_ key: String, _ value: [UInt8], milliseconds: Int64) -> RedisCommand {
    RedisCommand(["SET", .text(key), .bytes(value), "PX", .text(String(milliseconds)), "NX"])
  }

  /// Stores where there is nothing and answers what there was (Redis 7).
  static func addOrGet(_ key: String, _ value: [UInt8], milliseconds: Int64) -> RedisCommand {
    RedisCommand(
      ["SET", .text(key), .bytes(value), "PX", .text(String(milliseconds)), "NX", "GET"])
  }

  static func delete(_ keys: [String]) -> RedisCommand {
    RedisCommand(["UNLINK"] + keys.map(Word.text))
  }

  /// Stores where `expected` stands; answers 1 or 0.
  static func replace(
    _ key: String, _ expected: [UInt8], with value: [UInt8], milliseconds: Int64
  ) -> RedisCommand {
    RedisCommand([
      "EVAL",
      """
      if redis.call('GET',KEYS[1])==ARGV[1] then \
      redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[3]) return 1 end return 0
      """,
      "1", .text(key), .bytes(expected), .bytes(value), .text(String(milliseconds)),
    ])
  }

  /// `TokenBucket.take` by Redis' clock: answers 0, or for how many microseconds it's empty.
  static func take(_ key: String, from bucket: TokenBucket) -> RedisCommand {
    RedisCommand([
      "EVAL",
      """
      local t=redis.call('TIME') local now=t[1]*1000000+t[2] \
      local interval=tonumber(ARGV[1]) local capacity=tonumber(ARGV[2]) \
      local full=tonumber(redis.call('GET',KEYS[1]) or now) or now \
      full=math.min(math.max(full,now),now+capacity) \
      local next=full+interval local excess=next-now-capacity \
      if excess>0 then return excess end \
      redis.call('SET',KEYS[1],string.format('%.0f',next),'PX',math.ceil((next-now)/1000)) \
      return 0
      """,
      "1", .text(key), .text(String(bucket.intervalMicroseconds)),
      .text(String(bucket.capacityMicroseconds)),
    ])
  }

  static let ping = RedisCommand(["PING"])

  static func authenticate(user: String?, password: String) -> RedisCommand {
    RedisCommand(["AUTH"] + (user.map { [.text($0)] } ?? []) + [.text(password)])
  }

  static func select(_ database: Int) -> RedisCommand {
    RedisCommand(["SELECT", .text(String(database))])
  }

  /// `pattern` holds nothing of a pattern's own signs but a last `*`.
  static func scan(_ cursor: [UInt8], _ pattern: String) -> RedisCommand {
    RedisCommand(["SCAN", .bytes(cursor), "MATCH", .text(pattern), "COUNT", "500"])
  }
}
