internal import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Shows what staff and operators did, and checks that none of it was changed.",
    discussion: """
      Each tenant's records are a chain in which each has the hash of the one before, and so are \
      those of what operators do for no tenant. Whoever writes to the database could make a chain \
      anew: so have `payctl audit head` print now and then where the chains end, and keep that on \
      another machine; `payctl audit verify --head FILE` then tells what was changed or cut off.
      """,
    subcommands: [AuditListCommand.self, AuditVerifyCommand.self, AuditHeadCommand.self])
}
