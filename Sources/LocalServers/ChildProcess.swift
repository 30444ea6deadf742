internal import Foundation
internal import Synchronization

/// A program started by this process, in a process group of its own so that a terminal's Ctrl-C
/// reaches it only through us.
final class ChildProcess: Sendable {
  /// Where its standard streams go; nil for `/dev/null`.
  struct Streams {
    var input: Int32?
    var output: Int32?
    var errors: Int32?
  }

  let pid: pid_t
  private let ending = Ending()

  /// The raw status of `waitpid` once the process has ended.
  private final class Ending: Sendable {
    let status = Mutex<Int32?>(nil)
  }

  /// - Parameter arguments: the program, by its path or looked up in PATH, then its arguments
  init(
    _ arguments: [String], environment: [String: String] = [:], streams: Streams = Streams()
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, descriptor) in [(0, streams.input), (1, streams.output), (2, streams.errors)] {
      if let descriptor {
        posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
      } else {
        posix_spawn_file_actions_addopen(&actions, Int32(target), "/dev/null", O_RDWR, 0)
      }
    }
    // Nothing else of this process: a server counts what it has open against its limit, and who
    // waits for the end of a pipe would wait for the server's. Closing what isn't open does no harm
    // (glibc's posix_spawn), so those numbers are closed, too, that other threads take meanwhile.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let highest = open.compactMap { Int32($0) }.max() ?? 2
    for descriptor in 3...max(3, highest) + 256 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Threads of this process may block or ignore signals, which a child would inherit.
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    pid = try Self.withCStrings(arguments) { arguments in
      try Self.withCStrings(variables.map { "\($0.key)=\($0.value)" }) { variables in
        var pid: pid_t = 0
        guard let program = arguments[0] else { throw LocalServerError.failed("no program") }
        let code = posix_spawnp(&pid, program, &actions, &attributes, arguments, variables)
        guard code == 0 else {
          throw LocalServerError.failed(
            "\(String(cString: program)) can't be started: \(String(cString: strerror(code)))")
        }
        return pid
      }
    }
    // Waited for at once, whoever asks: nothing of it stays behind as a zombie.
    Thread.detachNewThread { [pid, ending] in
      var raw: Int32 = 0
      while waitpid(pid, &raw, 0) != pid {
        guard errno == EINTR else { return }
      }
      ending.status.withLock { $0 = raw }
    }
  }

  /// The exit status, or 128 and the signal's number as a shell tells it; nil while it runs.
  var exitStatus: Int32? {
    let raw = ending.status.withLock { $0 }
    guard let raw else { return nil }
    let signal = raw & 0x7f
    return signal == 0 ? (raw >> 8) & 0xff : 128 + signal
  }

  /// Waits for its end and returns its exit status; nil where it still runs after `duration`.
  func waitForExit(within duration: Duration) async -> Int32? {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: duration)
    while true {
      if let exitStatus { return exitStatus }
      guard clock.now < deadline else { return nil }
      // A cancelled caller still gets its answer, only by asking more often.
      try? await clock.sleep(for: .milliseconds(5))
    }
  }

  /// A pipe that no other child can hold open.
  static func pipe() -> Pipe {
    let pipe = Pipe()
    for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
      _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    return pipe
  }

  private static func withCStrings<Value>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Value
  ) throws -> Value {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return try body(copies + [nil])
  }
}
