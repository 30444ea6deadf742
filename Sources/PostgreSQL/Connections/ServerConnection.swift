internal import CPostgres
internal import Database
internal import Glibc

/// One libpq connection in pipeline mode. Sending never waits: what the socket doesn't take stays
/// in libpq's buffer, and whoever waits for an answer writes and reads as the server lets it, so
/// that neither side ever waits for the other to read. One thread at a time.
final class ServerConnection {
  private let handle: OpaquePointer
  /// How long an answer may take.
  private let answerTimeout: Duration
  private let clock = ContinuousClock()

  /// Connects; waits for it.
  init(_ options: PostgresOptions) throws {
    // Later words win, so the connection string can change what stands before it.
    var words: [(String, String)] = [
      ("fallback_application_name", options.applicationName),
      ("connect_timeout", String(options.connectTimeoutSeconds)),
      ("target_session_attrs", "read-write"),
      ("dbname", options.connection),
      ("client_encoding", "UTF8"),
    ]
    if let password = options.password { words.append(("password", password)) }
    let handle = Self.withCStrings(words.map(\.0)) { keys in
      Self.withCStrings(words.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
    }
    guard let handle else { throw PostgresErrors.lost("out of memory") }
    self.handle = handle
    answerTimeout = .milliseconds(
      options.statementTimeoutMilliseconds + options.answerGraceMilliseconds)
    guard PQstatus(handle) == CONNECTION_OK else { throw PostgresErrors.lost(message) }
    // Notices would go to standard error.
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
      throw PostgresErrors.lost(message)
    }
  }

  deinit { PQfinish(handle) }

  var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }

  /// 150020 for 15.20.
  var serverVersion: Int { Int(PQserverVersion(handle)) }

  var serverEncoding: String {
    PQparameterStatus(handle, "server_encoding").map { String(cString: $0) } ?? ""
  }

  private var message: String {
    PQerrorMessage(handle).map { PostgresErrors.trimmed($0) } ?? "no message"
  }

  // MARK: Sending

  func prepare(_ name: String, _ sql: String, _ kinds: [ArgumentKind]) throws {
    let types = kinds.map(\.type)
    try sent(PQsendPrepare(handle, name, sql, Int32(types.count), types))
  }

  func executePrepared(_ name: String, _ arguments: inout ArgumentBuffer) throws {
    let count = Int32(arguments.kinds.count)
    try sent(
      arguments.withPointers {
        PQsendQueryPrepared(handle, name, count, $0.values, $0.lengths, $0.formats, 0)
      })
  }

  /// Executes a statement without keeping it prepared.
  func execute(_ sql: String, _ arguments: inout ArgumentBuffer) throws {
    let types = arguments.kinds.map(\.type)
    try sent(
      arguments.withPointers {
        PQsendQueryParams(
          handle, sql, Int32(types.count), types, $0.values, $0.lengths, $0.formats, 0)
      })
  }

  /// Marks where the server answers everything so far and, after an error, begins to listen again.
  func synchronize() throws { try sent(PQpipelineSync(handle)) }

  /// Hands what is sent over to the server without waiting.
  func flush() throws {
    guard PQflush(handle) >= 0 else { throw PostgresErrors.lost(message) }
  }

  private func sent(_ code: Int32) throws {
    guard code == 1 else {
      guard isAlive else { throw PostgresErrors.lost(message) }
      throw PostgresErrors.lost("libpq refuses to send: \(message)")
    }
  }

  // MARK: Receiving

  /// The next result, waiting for it; nil ends the results of one statement. The caller clears it.
  func nextResult() throws -> OpaquePointer? {
    if PQisBusy(handle) == 1 { try waitForResult() }
    return PQgetResult(handle)
  }

  private func waitForResult() throws {
    let deadline = clock.now.advanced(by: answerTimeout)
    while PQisBusy(handle) == 1 {
      let unsent = PQflush(handle)
      guard unsent >= 0 else {
        // What the server said before it hung up is still to be read.
        guard PQconsumeInput(handle) == 1, PQisBusy(handle) == 0 else {
          throw PostgresErrors.lost(message)
        }
        return
      }
      let left = clock.now.duration(to: deadline)
      guard left > .zero else {
        throw PostgresErrors.lost("the server hasn't answered within \(answerTimeout)")
      }
      var descriptor = pollfd(
        fd: PQsocket(handle), events: Int16(POLLIN | (unsent == 1 ? POLLOUT : 0)), revents: 0)
      let milliseconds = left / .milliseconds(1)
      let ready = poll(&descriptor, 1, Int32(clamping: Int64(milliseconds) + 1))
      guard ready >= 0 || errno == EINTR else {
        throw PostgresErrors.lost("poll failed: \(String(cString: strerror(errno)))")
      }
      guard ready <= 0 || PQconsumeInput(handle) == 1 || PQisBusy(handle) == 0 else {
        throw PostgresErrors.lost(message)
      }
    }
  }

  /// What was said last where no result carries it.
  var lostReason: String { message }

  private static func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Value
  ) -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies.map { UnsafePointer($0) } + [nil])
  }
}
