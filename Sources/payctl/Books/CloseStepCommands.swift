internal import Aggregates
internal import ArgumentParser
internal import Audit
internal import Bytes
internal import Database
internal import Foundation
internal import JSON
internal import Settlement
internal import Signing

struct CloseDraftCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draft", abstract: "Prints what is to be signed for a day.",
    discussion: """
      What the last reconciliations found is told beside it: a day is better closed when the books \
      are right.
      """)

  @OptionGroup var database: BooksDatabase

  @OptionGroup var day: DayOption

  func run() async throws {
    let day = try day.date
    let (text, reconciliations, never) = try await database.run { database in
      try await database.read { connection in
        (
          try CloseRefusal.explaining(day) {
            try LedgerCloses.draft(
              day, now: LedgerCloses.now(in: connection), in: connection
            ).document
          }, try ReconciliationRecords.all(in: connection),
          try ReconciliationRecords.neverCompared(in: connection)
        )
      }
    }
    for name in never {
      StandardError.writeLine("payctl: \(name): never reconciled (payctl reconcile --record)")
    }
    for last in reconciliations where last.differences > 0 || last.finishedAt < day.end {
      StandardError.writeLine(
        "payctl: \(last.chain): reconciled at \(last.finishedAt), with \(last.differences) "
          + "differences")
    }
    try Answers.writeLines(texts: [text])
  }
}

struct CloseSignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Signs what is to be signed for a day, on a machine of its own.",
    discussion: """
      The key is the one at m/44h/60h/0h/0/0 of the words or the key file: an operator's own, never \
      of words that money stands on. Prints what `payctl close store` takes.
      """)

  @Argument(help: "What `payctl close draft` printed.")
  var file: String

  @OptionGroup var keys: KeyOptions

  func validate() throws {
    guard keys.areGiven else { throw ValidationError("Give --key-file or --words.") }
  }

  func run() throws {
    let close = try draft()
    let signature = close.signature(by: try keys.operatorKey())
    try Answers.writeLines(
      texts: [try CanonicalJSON.document(SignedClose(close, signature))])
    StandardError.writeLine("\(close.date) signed by \(signature.signer)")
  }

  /// A closing day's document and nothing else: the key's signature under another text would mean
  /// another thing.
  private func draft() throws -> LedgerClose {
    do {
      let bytes = try WholeFile.read(file, limit: 64 << 20)
      let json = try JSONValue(parsing: bytes)
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
      guard let date = json["date"]?.string, CloseDate(date) != nil,
        json["format"]?.string == "paywatch.close"
      else { throw CommandFailure("\(file) isn't what `payctl close draft` prints") }
      return LedgerClose(date: date, document: text)
    } catch let error as WholeFile.Failure {
      throw CommandFailure("\(error)")
    } catch let error as JSONError {
      throw CommandFailure("\(file) isn't what `payctl close draft` prints: \(error)")
    }
  }
}

struct CloseStoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Closes a day under a signature.",
    discussion: "What was signed must be what the entries make now.")

  @Argument(help: "What `payctl close sign` printed.")
  var file: String

  @OptionGroup var database: BooksDatabase

  func run() async throws {
    let signed: SignedClose
    do {
      signed = try JSONDecoder().decode(
        SignedClose.self, from: Data(WholeFile.read(file, limit: 1 << 16)))
    } catch let error as WholeFile.Failure {
      throw CommandFailure("\(error)")
    } catch is DecodingError {
      throw CommandFailure("\(file) isn't what `payctl close sign` prints")
    }
    guard let day = CloseDate(signed.date) else {
      throw CommandFailure("\(signed.date) is no day")
    }
    let signature = LedgerClose.Signature(signer: signed.signer, text: signed.signature)
    let digest = try await database.run { database in
      try await database.write { connection in
        try CloseRefusal.explaining(day) {
          let now = try LedgerCloses.now(in: connection)
          let close = try LedgerCloses.draft(day, now: now, in: connection)
          try LedgerCloses.store(close, signature, of: day, now: now, in: connection)
          try Operator.author(for: nil).note(
            "ledger.close", of: day.text,
            ["digest": .string(close.digest.hex), "signer": .string(signature.signer)], now: now,
            in: connection)
          return close.digest.hex
        }
      }
    }
    StandardError.writeLine("closed \(signed.date), signed by \(signed.signer): digest \(digest)")
  }
}

/// What goes back from the machine that signs.
struct SignedClose: Codable {
  let date: String
  let signer: String
  let signature: String

  init(_ close: LedgerClose, _ signature: LedgerClose.Signature) {
    date = close.date
    signer = signature.signer
    self.signature = signature.text
  }
}

struct DayOption: ParsableArguments {
  @Option(
    name: .customLong("date"),
    help: "The day in UTC, YYYY-MM-DD. It must have ended ten minutes ago.")
  var text: String

  var date: CloseDate {
    get throws {
      guard let date = CloseDate(text) else {
        throw ValidationError("--date is a day, YYYY-MM-DD")
      }
      return date
    }
  }

  func validate() throws { _ = try date }
}

private enum CloseRefusal {
  static func explaining<Value>(_ day: CloseDate, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let refusal as LedgerCloses.Refusal {
      throw CommandFailure(sentence(refusal, day.text))
    }
  }

  private static func sentence(_ refusal: LedgerCloses.Refusal, _ date: String) -> String {
    switch refusal {
    case .tooEarly(let until): "\(date) can be closed from \(until) on"
    case .closed(let last): "\(last) is closed: only later days can be"
    case .notSigned: "the signature isn't one of what the entries make: draft and sign it again"
    case .ownAddress(let signer):
      "\(signer) is a payment's address: its key stands on a machine for payouts, sign with another"
    }
  }
}
