import Telemetry
import Testing

@Suite("Trace contexts")
struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let span = "00f067aa0ba902b7"

  @Test("a traceparent is read and written as the standard says")
  func roundTrip() throws {
    // The standard's own examples.
    let text = "00-\(Self.trace)-\(Self.span)-01"
    let context = try #require(TraceContext(traceparent: text))
    #expect(context.traceID == Self.trace && context.spanID == Self.span && context.isSampled)
    #expect(context.traceparent == text)
    let quiet = TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-00")
    #expect(quiet?.isSampled == false)
    // Flags that aren't known yet are dropped.
    #expect(
      TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-ff")?.traceparent == text)
  }

  @Test("a later version is read as far as it's known")
  func laterVersions() {
    let known = TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01")
    #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01") == known)
    #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01-what-ever") == known)
    #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01.what") == nil)
    let long = String(repeating: "a", count: 300)
    #expect(TraceContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01-\(long)") == nil)
  }

  @Test(
    "anything else is none",
    arguments: [
      "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-01-",
      "00-\(trace)-\(span)-01 ", " 00-\(trace)-\(span)-01", "ff-\(trace)-\(span)-01",
      "0g-\(trace)-\(span)-01", "00-\(trace.uppercased())-\(span)-01",
      "00-\(trace)-00F067AA0BA902B7-01", "00-00000000000000000000000000000000-\(span)-01",
      "00-\(trace)-0000000000000000-01", "00_\(trace)-\(span)-01", "00-\(trace)-\(span)-0x",
      "00-\(trace)\(span)--01", "00-\(trace)-\(span)-é1", "00-\(trace)-\(span)-\u{0}\u{0}",
    ])
  func malformed(_ text: String) {
    #expect(TraceContext(traceparent: text) == nil)
  }

  @Test("a child has its parent's trace and a span of its own; no two traces are alike")
  func children() {
    let parent = TraceContext.begin()
    let child = parent.child()
    #expect(child.traceID == parent.traceID && child.spanID != parent.spanID)
    #expect(TraceContext(traceparent: child.traceparent) == child)
    #expect(Set((0..<100).map { _ in TraceContext.begin().traceID }).count == 100)
  }
}
