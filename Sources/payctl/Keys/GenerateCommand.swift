internal import ArgumentParser
internal import Digests
internal import Keys

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Makes new words (BIP-0039) from the system's random numbers.")

  @Option(help: "12, 15, 18, 21 or 24.")
  var words = 24

  func validate() throws {
    guard (12...24).contains(words), words % 3 == 0 else {
      throw ValidationError("--words is 12, 15, 18, 21 or 24")
    }
  }

  func run() throws {
    StandardError.writeLine(
      """
      payctl: whoever has these words has the money. Write them on paper, on a machine that is \
      and stays without a network; don't store them, and don't take a picture of them.
      """)
    var random = SystemRandomNumberGenerator()
    // 32 bits of entropy for every three words.
    let entropy = SecretBytes(byteCount: words / 3 * 4) { buffer in
      for index in buffer.indices { buffer[index] = random.next() }
    }
    var output = StandardOutput()
    try output.writeLine(Mnemonic(entropy: entropy).secretPhrase)
    try output.finishSecret()
  }
}
