internal import Glibc
package import Logging

/// Writes each log record as one line of `key=value` pairs to standard error:
/// `time=2026-11-21T08:15:30.250Z level=info logger=watcher message="new tip" height=840000`.
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
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    var line = "time=\(Self.utcTime()) level=\(event.level) logger=\(Self.quoted(label))"
    line += " message=\(Self.quoted(event.message.description))"
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += " \(key)=\(Self.quoted(value.description))"
    }
    write(line + "\n")
  }

  /// One `write` for the whole line, so that lines of several threads don't mix.
  package static func writeToStandardError(_ line: String) {
    let bytes = Array(line.utf8)
    // A log that can't be written has nowhere to complain to.
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// `value` as it stands, or in quotes where it holds a space, a quote, `=` or a control
  /// character, so that no value can forge a pair or a line.
  static func quoted(_ value: String) -> String {
    let isPlain =
      !value.isEmpty
      && value.unicodeScalars.allSatisfy {
        $0.value > 0x20 && $0 != "\"" && $0 != "=" && $0 != "\\" && $0.value != 0x7f
      }
    guard !isPlain else { return value }
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
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
