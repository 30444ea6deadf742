import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Metrics") struct MetricsTests {
  @Test("are rendered as Prometheus reads them, sorted, histograms cumulative")
  func text() {
    let registry = MetricsRegistry()
    registry.gauge("tip_height", help: "The tip.").set(-5)
    let labels = [MetricLabel("node", "b\"\\\n"), MetricLabel("chain", "bitcoin")]
    registry.counter("blocks_total", labels, help: "Blocks\nseen.").add(3)
    registry.counter("blocks_total", labels.reversed(), help: "").add()
    registry.counter("blocks_total", help: "").add()
    let histogram = registry.histogram("wait", bounds: [1, 10], help: "Waits.")
    for value: UInt64 in [0, 1, 2, 10, 11] { histogram.record(value) }
    #expect(
      registry.prometheusText() == #"""
        # HELP blocks_total Blocks\nseen.
        # TYPE blocks_total counter
        blocks_total 1
        blocks_total{chain="bitcoin",node="b\"\\\n"} 4
        # HELP tip_height The tip.
        # TYPE tip_height gauge
        tip_height -5
        # HELP wait Waits.
        # TYPE wait histogram
        wait_bucket{le="1"} 2
        wait_bucket{le="10"} 4
        wait_bucket{le="+Inf"} 5
        wait_sum 24
        wait_count 5

        """#)
  }

  @Test("count right when many tasks count at once")
  func concurrent() async {
    let registry = MetricsRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 { registry.counter("c", help: "").add() }
        }
      }
    }
    #expect(registry.counter("c", help: "").value == 8_000)
  }
}

@Suite("Structured logs") struct StructuredLogTests {
  private final class Sink: Sendable {
    let lines = Mutex<[String]>([])
  }

  @Test("one line for each record, in which no value can forge a pair or a line")
  func lines() throws {
    let sink = Sink()
    var logger = Logger(label: "watcher") { label in
      StructuredLogHandler(label: label, level: .info) { line in
        sink.lines.withLock { $0.append(line) }
      }
    }
    logger[metadataKey: "chain"] = "bitcoin"
    logger.debug("not shown")
    logger.info(
      "new tip", metadata: ["height": "5", "time": "0", "note": "a\n{\"level\":\"x\"}\u{1}"])
    let lines = sink.lines.withLock { $0 }
    #expect(lines.count == 1)
    let line = try #require(lines.first)
    let (head, rest) = (line.prefix(33), line.dropFirst(33))
    #expect(head.hasPrefix(#"{"time":"20"#) && head.hasSuffix("Z"))
    #expect(
      rest == #"""
        ","level":"info","logger":"watcher","message":"new tip","chain":"bitcoin","height":"5",\#
        "note":"a\u000a{\"level\":\"x\"}\u0001","metadata_time":"0"}

        """#)
  }

  @Test("a line within a trace carries its id")
  func traceIDs() throws {
    let sink = Sink()
    let logger = Logger(label: "x") { label in
      StructuredLogHandler(label: label, level: .info) { line in
        sink.lines.withLock { $0.append(line) }
      }
    }
    let trace = TraceContext.begin()
    TraceContext.$current.withValue(trace) { logger.info("within") }
    logger.info("outside")
    let lines = sink.lines.withLock { $0 }
    #expect(lines.count == 2)
    #expect(lines.first?.contains(#""trace_id":"\#(trace.traceID)""#) == true)
    #expect(lines.last?.contains("trace_id") == false)
  }
}
