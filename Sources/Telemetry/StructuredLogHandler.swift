internal import Glibc
internal import JSON
package import Logging

/// Writes each log record as one line of JSON to standard error:
/// `{"time":"2026-11-21T08:15:30.250Z","level":"info","logger":"watcher","message":"new tip",…}`,
/// with the record's metadata behind, as texts, and `trace_id` where it belongs to a trace.
package struct StructuredLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let label: String
  private let write: @Sendable (String) -> Void

  /// Makes this the handler of all loggers of the process; to be called once, at its start.
  package static func bootstrap(level: Logger.Level) {
    LoggingSystem.bootstrap { StructuredLogHandler(label: $0, level: level) }
  }

  package init(
    label: String, level: Logger.Level,
    write: @escaping @Sendable (String) -> Void = StructuredLogHandler.writeToStandardError
  ) {
    self.label = label
    logLevel = level
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var all = metadata.merging(event.metadata ?? [:]) { $1 }
    if let trace = TraceContext.current { all["trace_id"] = .string(trace.traceID) }
    var line = #"{"time":""# + Self.utcTime() + #"","level":""# + event.level.rawValue
    line += #"","logger":"# + JSONValue.string(label).json
    line += #","message":"# + JSONValue.string(event.message.description).json
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      let name = Self.ownMembers.contains(key) ? "metadata_\(key)" : key
      line += ",\(JSONValue.string(name).json):\(JSONValue.string(value.description).json)"
    }
    write(line + "}\n")
  }

  /// What every line has, so that no metadata passes for it.
  private static let ownMembers: Set<String> = ["time", "level", "logger", "message"]

  /// One `write` for the whole line, so that lines of several threads don't mix.
  package static func writeToStandardError(_ line: String) {
    let bytes = Array(line.utf8)
    // A log that can't be written has nowhere to complain to.
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func utcTime() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = [Int(parts.tm_year) + 1_900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
    return date.map { padded($0, 2) }.joined(separator: "-") + "T"
      + time.map { padded($0, 2) }.joined(separator: ":")
      + ".\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }
}
