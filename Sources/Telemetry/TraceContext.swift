/// Where in a trace something happens: W3C Trace Context's `traceparent`, version 00
/// (https://www.w3.org/TR/trace-context/).
///
/// The current one is a task-local: it reaches what a request or a watcher's step does, its log
/// lines among it. It doesn't reach other threads by itself; `TracedDatabase` carries it to the
/// bodies of transactions.
package struct TraceContext: Sendable, Equatable {
  /// 32 hexadecimal digits, not all 0.
  package let traceID: String
  /// The span's own id: 16 hexadecimal digits, not all 0.
  package let spanID: String
  /// Whether the one who began the trace records it.
  package let isSampled: Bool

  @TaskLocal package static var current: TraceContext?

  /// A new trace of which nobody has asked for a record.
  package static func begin() -> TraceContext {
    TraceContext(
      traceID: hex([nonzero(), nonzero()]), spanID: hex([nonzero()]), isSampled: false)
  }

  /// A span below the caller's in its trace.
  package func child() -> TraceContext {
    TraceContext(traceID: traceID, spanID: Self.hex([Self.nonzero()]), isSampled: isSampled)
  }

  private init(traceID: String, spanID: String, isSampled: Bool) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// Reads a `traceparent`; nil where it isn't one. A later version than 00 may have more behind
  /// another hyphen, which is left out.
  package init?(traceparent: String) {
    let bytes = Array(traceparent.utf8.prefix(Self.longestBytes + 1))
    guard bytes.count >= 55, bytes.count <= Self.longestBytes,
      bytes[2] == Self.hyphen, bytes[35] == Self.hyphen, bytes[52] == Self.hyphen
    else { return nil }
    let (version, trace) = (bytes[0..<2], bytes[3..<35])
    let (span, flags) = (bytes[36..<52], bytes[53..<55])
    guard [version, trace, span, flags].allSatisfy({ $0.allSatisfy(Self.isDigit) }) else {
      return nil
    }
    let isFirst = version.elementsEqual("00".utf8)
    guard bytes.count == 55 || (!isFirst && bytes[55] == Self.hyphen),
      !version.elementsEqual("ff".utf8), !trace.allSatisfy({ $0 == Self.zero }),
      !span.allSatisfy({ $0 == Self.zero }),
      let bits = UInt8(String(decoding: flags, as: UTF8.self), radix: 16)
    else { return nil }
    traceID = String(decoding: trace, as: UTF8.self)
    spanID = String(decoding: span, as: UTF8.self)
    isSampled = bits & 1 == 1
  }

  /// The context as `traceparent`.
  package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

  /// What a header may have: the standard's 55 bytes, and room for later versions.
  private static let longestBytes = 256
  private static let hyphen = UInt8(ascii: "-")
  private static let zero = UInt8(ascii: "0")

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private static func nonzero() -> UInt64 { UInt64.random(in: 1 ... .max) }

  /// 16 digits a word.
  private static func hex(_ words: [UInt64]) -> String {
    String(unsafeUninitializedCapacity: 16 * words.count) { digits in
      for place in 0..<16 * words.count {
        let shift = UInt64(60 - 4 * (place % 16))
        let digit = UInt8(truncatingIfNeeded: words[place / 16] >> shift) & 0x0f
        digits.initializeElement(at: place, to: digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
      return 16 * words.count
    }
  }
}
