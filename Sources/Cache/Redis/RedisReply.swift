internal import CHiredis

/// What Redis answered, in Swift's own memory.
enum RedisReply: Sendable, Equatable {
  case nothing
  case integer(Int64)
  case bytes([UInt8])
  case status(String)
  case error(String)
  case array([RedisReply])

  /// Copies a reply of hiredis. What has arrays within arrays within arrays never comes out of
  /// `RedisReading`, so this can't go deep.
  init(_ reply: redisReply) {
    switch reply.type {
    case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
    case REDIS_REPLY_STRING: self = .bytes(Self.bytes(reply))
    case REDIS_REPLY_STATUS: self = .status(Self.text(reply))
    case REDIS_REPLY_ERROR: self = .error(Self.text(reply))
    case REDIS_REPLY_ARRAY:
      let elements = UnsafeBufferPointer(
        start: reply.element, count: reply.element == nil ? 0 : reply.elements)
      self = .array(elements.map { $0.map { RedisReply($0.pointee) } ?? .nothing })
    default: self = .nothing
    }
  }

  private static func bytes(_ reply: redisReply) -> [UInt8] {
    guard let start = reply.str else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: reply.len))
  }

  /// For people: short and on one line.
  private static func text(_ reply: redisReply) -> String {
    let plain = bytes(reply).prefix(200).map { $0 < 0x20 || $0 > 0x7e ? UInt8(ascii: "?") : $0 }
    return String(decoding: plain, as: UTF8.self)
  }
}

/// hiredis' own way of building replies, but for arrays that are too long or too deep: their room
/// is taken before their elements come, so seven bytes could ask for gigabytes.
enum RedisReading {
  /// The longest: what a step of SCAN may answer.
  static let arrayLimit: Int32 = 65_536
  /// What holds others: SCAN's cursor and keys.
  static let outerArrayLimit: Int32 = 16

  /// A reader's functions, for as long as the process runs.
  // Safe: made once, before anyone has it, and never changed or freed; hiredis only reads it.
  nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions>? = {
    guard var bounded = defaults else { return nil }
    bounded.createArray = { task, elements in
      guard let task else { return nil }
      let limit =
        switch task.pointee.parent {
        case nil: RedisReading.arrayLimit
        case .some(let parent):
          parent.pointee.parent == nil && parent.pointee.elements <= RedisReading.outerArrayLimit
            ? RedisReading.arrayLimit : -1
        }
      guard elements <= limit else { return nil }
      return RedisReading.defaults?.createArray?(task, elements)
    }
    let place = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    place.initialize(to: bounded)
    return place
  }()

  private static let defaults: redisReplyObjectFunctions? = {
    guard let reader = redisReaderCreate() else { return nil }
    defer { redisReaderFree(reader) }
    return reader.pointee.fn?.pointee
  }()
}
