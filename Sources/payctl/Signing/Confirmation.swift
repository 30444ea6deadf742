internal import Glibc

/// Asks whoever sits at the terminal, also where words come on standard input.
enum Confirmation {
  /// Goes on only where “sign” is typed.
  static func ask(_ count: Int) throws {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw CommandFailure("there is no terminal to ask on: check with --show, then use --yes")
    }
    defer { close(terminal) }
    let what = count == 1 ? "this transaction" : "these \(count) transactions"
    let prompt = Array("Type “sign” to sign \(what): ".utf8)
    guard write(terminal, prompt, prompt.count) == prompt.count else {
      throw CommandFailure("the terminal can't be written to")
    }
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while answer.count < 100, read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
      answer.append(byte)
    }
    guard answer == Array("sign".utf8) else { throw CommandFailure("canceled: nothing is signed") }
  }
}
