internal import Addresses
internal import ArgumentParser
internal import Database
internal import Digests
internal import Keys
internal import Settlement
internal import Watching

struct CloseDayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "day", abstract: "Closes a day.",
    discussion: """
      The key is the one at m/44h/60h/0h/0/0 of the words or the key file. It should be an \
      operator's own, never one that money stands on. The signed day is stored, and its document \
      is printed.
      """)

  @OptionGroup var database: BooksDatabase

  @Option(help: "The day in UTC, YYYY-MM-DD. It must have ended ten minutes ago.")
  var date: String

  @OptionGroup var keys: KeyOptions

  func validate() throws {
    guard CloseDate(date) != nil else { throw ValidationError("--date is a day, YYYY-MM-DD") }
    guard keys.areGiven else { throw ValidationError("Give --key-file or --words.") }
  }

  func run() async throws {
    guard let day = CloseDate(date) else { return }
    let key = try ClosingKey.key(of: keys.seed())
    let now = SystemTime().now
    let text = try await database.run { database in
      do {
        return try await database.write { connection in
          let close = try LedgerCloses.draft(day, now: now, in: connection)
          try LedgerCloses.store(
            close, close.signature(by: key), of: day, now: now, in: connection)
          return close.document
        }
      } catch let error as LedgerCloses.Refusal {
        throw CommandFailure(Self.sentence(error, date))
      }
    }
    try Answers.writeLines(texts: [text])
    StandardError.writeLine(
      "closed \(date), signed by \(EthereumAddress(key.publicKey).text)")
  }

  private static func sentence(_ refusal: LedgerCloses.Refusal, _ date: String) -> String {
    switch refusal {
    case .tooEarly(let until): "\(date) can be closed from \(until) on"
    case .closed(let last): "\(last) is closed: only later days can be"
    case .notSigned: "the signature doesn't verify"
    }
  }
}

/// The key that signs closed days.
enum ClosingKey {
  static func key(of seed: SecretBytes) throws -> PrivateKey {
    do {
      let master = try ExtendedPrivateKey(seed: seed)
      return try master.descendant(DerivationPath("m/44h/60h/0h/0/0")).key
    } catch {
      throw CommandFailure("no key comes of these words: \(error)")
    }
  }

  /// An address with EIP-55's capitals.
  static func address(_ text: String) throws -> String {
    guard let address = try? EthereumAddress(text) else {
      throw CommandFailure("\(text) is no address")
    }
    return address.text
  }
}
