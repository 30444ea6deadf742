internal import Foundation
internal import Synchronization

/// A server program of this machine as a child that ends with its parent, however that ends: a
/// small shell beside it holds one end of a pipe and stops the server when the other end closes.
package final class ServerProcess: Sendable {
  /// What is started, and how it is ended.
  package struct Command: Sendable {
    /// The program, by its path or looked up in PATH, then its arguments.
    package var arguments: [String]
    package var environment: [String: String] = [:]
    /// The file to which its output and errors are appended.
    package var log: String
    /// What tells the server to end; with KILL after it where that doesn't help.
    package var stopSignal = Signal.terminate

    package init(_ arguments: [String], log: String) {
      self.arguments = arguments
      self.log = log
    }
  }

  package enum Signal: String, Sendable {
    case terminate = "TERM"
    case interrupt = "INT"
    case quit = "QUIT"
    case kill = "KILL"
    case stop = "STOP"
    case `continue` = "CONT"

    var number: Int32 {
      switch self {
      case .terminate: SIGTERM
      case .interrupt: SIGINT
      case .quit: SIGQUIT
      case .kill: SIGKILL
      case .stop: SIGSTOP
      case .continue: SIGCONT
      }
    }
  }

  package let command: Command
  /// The server's own process id.
  package let pid: Int32
  private let shell: ChildProcess
  /// The end of the pipe that this process holds; nil once the server has ended.
  private let lifeline: Mutex<FileHandle?>

  /// Starts the server; `waitUntilReady` tells when it answers.
  package init(_ command: Command) throws {
    self.command = command
    let input = ChildProcess.pipe()
    let output = ChildProcess.pipe()
    shell = try ChildProcess(
      [
        "/bin/sh", "-c", Self.script, "sh", command.log, command.stopSignal.rawValue,
      ] + command.arguments,
      environment: command.environment,
      streams: ChildProcess.Streams(
        input: input.fileHandleForReading.fileDescriptor,
        output: output.fileHandleForWriting.fileDescriptor))
    try output.fileHandleForWriting.close()
    try input.fileHandleForReading.close()
    lifeline = Mutex(input.fileHandleForWriting)
    // One short line as soon as the shell has started the server.
    let line = try output.fileHandleForReading.readToEnd() ?? Data()
    guard let pid = Int32(String(decoding: line, as: UTF8.self).dropLast()) else {
      throw LocalServerError.failed("\(command.arguments.first ?? "") can't be started")
    }
    self.pid = pid
  }

  /// The server's output goes to the log. The shell that reads standard input gets its end when
  /// the parent closes it or dies, stops the server, and kills it after ten seconds.
  private static let script = """
    log=$1 signal=$2
    shift 2
    exec 3<&0 </dev/null 2>>"$log"
    "$@" >>"$log" 3<&- &
    server=$!
    echo $server
    exec >/dev/null
    (
      while read -r line <&3; do :; done
      kill -s "$signal" $server
      kill -s CONT $server
      rounds=0
      while kill -s 0 $server && [ $rounds -lt 100 ]; do sleep 0.1; rounds=$((rounds + 1)); done
      kill -s KILL $server
    ) 2>/dev/null &
    watcher=$!
    exec 3<&-
    wait $server
    status=$?
    kill -s KILL $watcher
    exit $status
    """

  package var isRunning: Bool { shell.exitStatus == nil }

  /// Asks `isReady` again and again until it says yes. Throws with the log's end where the server
  /// ends before, or doesn't answer within `duration`.
  package func waitUntilReady(
    within duration: Duration = .seconds(180), _ isReady: () async -> Bool
  ) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: duration)
    while true {
      if await isReady() { return }
      let name = command.arguments.first ?? ""
      guard isRunning else {
        throw LocalServerError.failed("\(name) has ended:\n\(logTail())")
      }
      guard clock.now < deadline else {
        throw LocalServerError.failed("\(name) isn't ready after \(duration):\n\(logTail())")
      }
      try await clock.sleep(for: .milliseconds(10))
    }
  }

  /// Sends a signal to the server; nothing where it has ended.
  package func send(_ signal: Signal) {
    guard isRunning else { return }
    _ = kill(pid, signal.number)
  }

  /// Sends `signal` (the command's own where nil), then KILL where the server still runs after
  /// `duration`; returns once it has ended.
  package func stop(_ signal: Signal? = nil, within duration: Duration = .seconds(20)) async {
    send(signal ?? command.stopSignal)
    // A paused process takes no other signal.
    send(.continue)
    if await shell.waitForExit(within: duration) == nil {
      send(.kill)
      _ = await shell.waitForExit(within: .seconds(10))
    }
    lifeline.withLock { handle in
      try? handle?.close()
      handle = nil
    }
  }

  /// The last lines of the server's log, for messages.
  package func logTail(lines: Int = 20) -> String {
    guard let data = FileManager.default.contents(atPath: command.log) else { return "" }
    return String(decoding: data.suffix(16_384), as: UTF8.self)
      .split(separator: "\n").suffix(lines).joined(separator: "\n")
  }
}
