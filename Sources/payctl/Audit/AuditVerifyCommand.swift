internal import ArgumentParser
internal import Audit
internal import Database
internal import Signing

struct AuditVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Walks the chains, and names where one breaks first.",
    discussion: """
      A record that was changed, removed or moved breaks its chain there. That the end of a chain was \
      cut off, or all of it made anew, only heads show that were kept elsewhere (payctl audit head). \
      After a restore the chains end where the backup was taken, which kept heads tell, too. The \
      exit code is 1 where a chain is broken.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only this tenant's chain.")
  var tenant: String?

  @Option(help: "A file with what `payctl audit head` printed, once or often.", completion: .file())
  var head: String?

  private static let headBytes = 64 << 20

  private struct Answer: Encodable {
    let tenant: String?
    let records: Int64
    let broken: String?
  }

  func run() async throws {
    let verification = AuditVerification(kept: try kept())
    let only = tenant
    let outcomes = try await database.run { database in
      let all = try await database.read { try verification.tenants(in: $0) }
      var outcomes: [AuditVerification.Outcome] = []
      for tenant in all where only == nil || tenant == only {
        outcomes.append(try await database.read { try verification.verify(tenant, in: $0) })
      }
      return outcomes
    }
    switch database.format {
    case .json:
      try Answers.writeLines(
        outcomes.map {
          Answer(tenant: $0.tenant, records: $0.records, broken: $0.broken?.sentence)
        })
    case .table:
      var table = Table("chain", "records", "state")
      for outcome in outcomes {
        table.append(
          outcome.tenant ?? "(operators)", "\(outcome.records)",
          outcome.broken?.sentence ?? "unbroken")
      }
      try table.write()
    }
    if outcomes.contains(where: { $0.broken != nil }) { throw ExitCode.failure }
  }

  private func kept() throws -> [AuditHead] {
    guard let head else { return [] }
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.read(head, limit: Self.headBytes)
    } catch {
      throw CommandFailure("\(error)")
    }
    return try String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .enumerated().map { place, line in
        guard let kept = AuditHead(json: String(line)) else {
          throw CommandFailure(
            "\(head):\(place + 1): that isn't what `payctl audit head` prints")
        }
        return kept
      }
  }
}

extension AuditChain.Break {
  fileprivate var sentence: String {
    switch self {
    case .missing(let position): "record \(position) is missing"
    case .changed(let position): "record \(position) was changed"
    case .unlinked(let position): "record \(position) doesn't follow the one before it"
    case .cut(let position, let head):
      "it ends at \(position): the records to \(head) were cut off"
    case .beyondHead(let position, let head):
      "it goes on to \(position), behind its head at \(head)"
    case .replaced(let position): "record \(position) is another one than it was"
    }
  }
}
