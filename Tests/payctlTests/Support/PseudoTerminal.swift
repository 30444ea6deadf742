import Foundation
import Glibc
import TestSupport

/// A program of this package in a session of its own, with a terminal before it as a person has
/// one: what it writes is on the screen, with what is typed where it doesn't hide that.
final class PseudoTerminal {
  private let process: pid_t
  private let keyboard: FileHandle
  /// All that was on the screen so far.
  private(set) var screen = ""

  struct Failure: Error {
    let text: String
  }

  /// - Parameters:
  ///   - controls: whether `/dev/tty` is that terminal; else there is none
  ///   - file: what the program finds open as descriptor 3
  init(_ program: Program, _ arguments: [String], controls: Bool = true, file: String? = nil) throws
  {
    var (own, other): (Int32, Int32) = (-1, -1)
    guard openpty(&own, &other, nil, nil, nil) == 0 else {
      throw Failure(text: "there is no pseudo-terminal")
    }
    defer { close(other) }
    for descriptor in [own, other] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    keyboard = FileHandle(fileDescriptor: own, closeOnDealloc: true)
    var name = [CChar](repeating: 0, count: 64)
    ttyname_r(other, &name, name.count)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The first terminal that a session's leader opens is the session's.
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR | (controls ? 0 : O_NOCTTY), 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    if let file { posix_spawn_file_actions_addopen(&actions, 3, file, O_RDONLY, 0) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // POSIX_SPAWN_SETSID, which needs _GNU_SOURCE.
    posix_spawnattr_setflags(&attributes, 0x80)
    let path = Program.products.appending(path: program.name).path(percentEncoded: false)
    var words = ([path] + arguments).map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    guard posix_spawn(&process, path, &actions, &attributes, words, environ) == 0 else {
      throw Failure(text: "\(path) can't be started")
    }
    self.process = process
  }

  /// Until that stands on the screen.
  func wait(for text: String) throws {
    while !screen.contains(text) {
      guard try read() else { throw Failure(text: "the program ended: \(screen)") }
    }
  }

  func type(_ line: String) throws { try keyboard.write(contentsOf: Array("\(line)\n".utf8)) }

  /// The program's exit status, once it has ended.
  func finish() throws -> Int32 {
    while try read() {}
    var status: Int32 = 0
    waitpid(process, &status, 0)
    // WEXITSTATUS, or 128 and the signal as a shell has it.
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }

  /// Takes what comes next; false where nothing will, because the last who had the terminal is
  /// gone.
  private func read() throws -> Bool {
    var waiting = pollfd(fd: keyboard.fileDescriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 120_000) > 0 else {
      kill(process, SIGKILL)
      throw Failure(text: "the program neither writes nor ends: \(screen)")
    }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(keyboard.fileDescriptor, &bytes, bytes.count)
    guard count > 0 else { return false }
    screen += String(decoding: bytes[..<count], as: UTF8.self)
    return true
  }
}
