internal import Database
internal import Foundation

/// One thread's connection: made when it's first needed, and again after it broke.
final class ConnectionHolder {
  private let options: PostgresOptions
  private let clock = ContinuousClock()
  private var session: PostgresSession?
  /// Told whenever there begins to be a connection, and when there ends to be one.
  private let onChange: (Bool) -> Void

  init(_ options: PostgresOptions, onChange: @escaping (Bool) -> Void) {
    self.options = options
    self.onChange = onChange
  }

  /// The connection for a job that was handed in at `time`. A server that can't be reached is
  /// tried again until the job's patience ends.
  func session(forJobFrom time: ContinuousClock.Instant) throws -> PostgresSession {
    if let session, !session.isBroken { return session }
    drop()
    let deadline = time.advanced(by: .milliseconds(options.connectPatienceMilliseconds))
    var attempt = 0
    while true {
      do {
        let new = try PostgresSession(options)
        session = new
        onChange(true)
        return new
      } catch let failure as StatementFailure {
        attempt += 1
        let pause = Backoff.connection(attempt: attempt, random: .random(in: 0...1))
        guard clock.now.advanced(by: pause) < deadline else { throw failure.error }
        Self.sleep(pause)
      }
    }
  }

  /// Ends the connection if there is one.
  func drop() {
    guard session != nil else { return }
    session = nil
    onChange(false)
  }

  /// Holds this thread, which is the connection's own.
  static func sleep(_ duration: Duration) {
    Thread.sleep(forTimeInterval: duration / .seconds(1))
  }
}
