internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Foundation
internal import Payments
internal import Payouts
internal import Settings
internal import Signing

struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Shows what transactions do, checks them against a policy, and signs them, offline.",
    discussion: """
      Takes a batch that `payctl payout build` wrote, or a partially signed transaction (BIP-0174), \
      as bytes or in Base64. All that is shown and checked is read from the transactions \
      themselves. Where the policy refuses one of them, nothing is signed or written, all reasons \
      are told, and the exit status is 1.

      Examples: payctl sign batch.json --policy policy.yaml --show
      payctl sign batch.json --policy policy.yaml --key-file treasury.key
      payctl sign batch.json --policy policy.yaml --words --yes < words.txt
      """)

  @Argument(help: "The file to sign.")
  var file: String

  @Option(help: "What may be signed.")
  var policy: String

  @OptionGroup var keys: KeyOptions

  @Option(help: "Where the signed file goes; by default beside the other, with .signed behind it.")
  var out: String?

  @Option(help: "Of a lone transaction, its chain, where the policy has several of Bitcoin.")
  var chain: String?

  @Option(
    name: .customLong("unpaid"),
    help: ArgumentHelp(
      "A refund, ref_…, that was signed before and can't be mined any more: it counts no longer.",
      discussion: "May be given several times."))
  var unpaid: [String] = []

  @Flag(help: "Signs although nothing has been signed for long: the clock is right.")
  var afterPause = false

  @Flag(help: "Signs without asking.")
  var yes = false

  @Flag(help: "Shows and checks, and signs nothing.")
  var show = false

  func validate() throws {
    guard show || keys.areGiven else {
      throw ValidationError("name the keys, by --key-file or --words, or only --show")
    }
    guard chain.map({ ChainName($0) != nil }) ?? true else {
      throw ValidationError("--chain is a chain's name, such as bitcoin")
    }
    guard unpaid.allSatisfy({ Identifier($0, prefix: "ref") != nil }) else {
      throw ValidationError("--unpaid is a refund's id, ref_…")
    }
  }

  private var target: String { out ?? file + ".signed" }

  func run() throws {
    do {
      try sign()
    } catch let error as WholeFile.Failure {
      throw CommandFailure("\(error)")
    } catch let error as RecordFile.Failure {
      throw CommandFailure("\(error)")
    } catch let error as SigningJob.Failure {
      throw CommandFailure("\(error)")
    } catch let error as SigningKey.Failure {
      throw CommandFailure("nothing is signed: \(error)")
    }
  }

  private func sign() throws {
    let policy: SigningPolicy
    do {
      policy = try SigningPolicy.load(self.policy)
    } catch {
      throw CommandFailure("\(error)")
    }
    let input: SigningInput
    do {
      input = try SigningInput(
        parsing: WholeFile.read(file, limit: UnsignedBatch.maximumFileBytes))
    } catch let error as SigningInput.ReadingError {
      throw CommandFailure("\(file): \(error)")
    }
    if !show, WholeFile.exists(target) { throw WholeFile.Failure.exists(target) }
    let job = try SigningJob(input, policy: policy, chain: chain.flatMap { ChainName($0) })
    // From here on nobody else signs by this record, so that totals stay as they are judged.
    let recordFile = try RecordFile(policy, locking: !show)
    var record = try recordFile.read()
    record.forget(refunds: Set(unpaid.compactMap { Identifier($0, prefix: "ref") }))
    let today = SigningRecord.Day(Self.now)
    var output = StandardOutput()
    for line in job.words { try output.writeLine(line.withoutControls) }
    try output.flush()
    let refusals = job.refusals(record: record, today: today, afterPause: afterPause)
    guard refusals.isEmpty else {
      for refusal in refusals { StandardError.writeLine("refused: \(refusal)") }
      throw ExitCode(1)
    }
    guard !show else { return }
    if !yes { try Confirmation.ask(job.facts.count) }
    let signed = try job.signed(by: try keys.key(), random: Self.random)
    try recordFile.write(job.noted(in: record, today: today))
    try WholeFile.create(target, signed)
    StandardError.writeLine("payctl: signed into \(target)")
  }

  private static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }

  private static func random() -> Hash32 {
    var generator = SystemRandomNumberGenerator()
    let words = [UInt64](unsafeUninitializedCapacity: 4) { buffer, count in
      for index in 0..<4 { buffer[index] = generator.next() }
      count = 4
    }
    return words.withUnsafeBytes { Hash32(bytes: $0.bytes, at: 0) }
  }
}
