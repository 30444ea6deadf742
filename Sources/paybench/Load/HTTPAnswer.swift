/// As much of an HTTP/1.1 answer as load needs: its status, and where it ends.
struct HTTPAnswer: Equatable {
  let status: Int
  /// Head and body in bytes.
  let length: Int

  /// Nil where the head or the body isn't all there yet. Throws on a head without status or
  /// `Content-Length`, which a server that answers each request alone always sends.
  init?(_ bytes: RawSpan) throws {
    guard let head = Self.headLength(bytes) else { return nil }
    guard let status = Self.number(bytes, 9..<12),
      // No Content: there is none to have a length.
      let body = status == 204 ? 0 : Self.contentLength(bytes, head)
    else { throw BenchmarkFailure("an answer can't be read: \(Self.beginning(bytes))") }
    guard bytes.byteCount >= head + body else { return nil }
    self.status = status
    length = head + body
  }

  /// The status of an answer whose head is there, of which the body may have no end; else nil.
  static func status(_ bytes: RawSpan) throws -> Int? {
    guard headLength(bytes) != nil else { return nil }
    guard let status = number(bytes, 9..<12) else {
      throw BenchmarkFailure("an answer can't be read: \(beginning(bytes))")
    }
    return status
  }

  /// The first bytes, for whoever must find out what is wrong.
  static func beginning(_ bytes: RawSpan) -> String {
    String(
      decoding: (0..<min(bytes.byteCount, 600)).map {
        bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
      }, as: UTF8.self)
  }

  private static func headLength(_ bytes: RawSpan) -> Int? {
    var index = 3
    while index < bytes.byteCount {
      // CR LF CR LF: the last byte tells how far the next look may skip.
      let byte = byte(bytes, index)
      if byte == 0x0a, byte == Self.byte(bytes, index - 2), Self.byte(bytes, index - 1) == 0x0d,
        Self.byte(bytes, index - 3) == 0x0d
      {
        return index + 1
      }
      index += byte == 0x0a || byte == 0x0d ? 1 : 4
    }
    return nil
  }

  private static func contentLength(_ bytes: RawSpan, _ end: Int) -> Int? {
    let name: StaticString = "\ncontent-length: "
    var index = 0
    while index + name.utf8CodeUnitCount < end {
      guard byte(bytes, index) == 0x0a else {
        index += 1
        continue
      }
      let isIt = (1..<name.utf8CodeUnitCount).allSatisfy {
        byte(bytes, index + $0) | 0x20 == name.utf8Start[$0] | 0x20
      }
      if isIt {
        let first = index + name.utf8CodeUnitCount
        var last = first
        while last < end, byte(bytes, last) != 0x0d { last += 1 }
        return number(bytes, first..<last)
      }
      index += 1
    }
    return nil
  }

  /// Up to nine decimal digits.
  private static func number(_ bytes: RawSpan, _ range: Range<Int>) -> Int? {
    guard (1...9).contains(range.count), range.upperBound <= bytes.byteCount else { return nil }
    var value = 0
    for index in range {
      let byte = byte(bytes, index)
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }

  private static func byte(_ bytes: RawSpan, _ index: Int) -> UInt8 {
    // Callers stay below the count; `unsafe` is the load of a trivial type only.
    bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }
}
