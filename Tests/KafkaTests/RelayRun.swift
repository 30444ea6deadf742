import Database
import EventLog

/// A relay that runs beside a test.
struct RelayRun {
  let relay: Relay
  private let task: Task<Void, any Error>

  init(
    _ database: some Database, _ sink: some EventSink, _ options: RelayOptions = quick,
    check: @escaping Relay.LeaseCheck = { _ in }, glance: @escaping Relay.LeaseCheck = { _ in }
  ) {
    let relay = Relay(
      database: database, sink: sink, options: options, check: check, glance: glance)
    self.relay = relay
    task = Task { try await relay.run(every: .milliseconds(20), clock: ContinuousClock()) }
  }

  static var quick: RelayOptions {
    var options = RelayOptions()
    options.pageLimit = 1_000
    options.firstPause = .milliseconds(10)
    options.longestPause = .milliseconds(200)
    return options
  }

  /// Waits until `condition` is true of the relay's status, and then stops the relay.
  func stop(
    when condition: (RelayStatus) -> Bool
  ) async throws -> RelayStatus {
    while !condition(relay.status), relay.status.phase != .stopped {
      try await Task.sleep(for: .milliseconds(5))
    }
    let status = relay.status
    task.cancel()
    try await task.value
    return status
  }

  /// Waits until everything up to `position` is acknowledged, and then stops the relay.
  @discardableResult
  func stop(after position: Int64) async throws -> RelayStatus {
    try await stop { $0.cursor >= position }
  }

  /// Waits until the relay ends by itself, and gives its error.
  func end() async -> (any Error)? {
    do {
      try await task.value
      return nil
    } catch {
      return error
    }
  }
}
