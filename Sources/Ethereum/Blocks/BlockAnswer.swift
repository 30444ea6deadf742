internal import Addresses
internal import Bytes

/// What a node's answer to `eth_getBlockByHash` says, in the form in which it can be hashed.
/// Nothing of it is proved yet.
struct BlockAnswer {
  let header: EthereumHeader
  /// Nil for a pending block.
  let claimedHash: Hash32?
  /// Encoded; nil where the answer has their hashes alone.
  var transactions: TrieItems?
  /// Where it has their hashes.
  var transactionHashes: [Hash32] = []
  /// Whom the node names as sender of each transaction.
  var claimedSenders: [EthereumAddress?] = []
  /// Encoded; nil where the answer has none, before Shanghai.
  var withdrawals: TrieItems?
  /// Names that no known fork's block has: where the hash doesn't fit, they may be why.
  var unknownMembers: [String] = []

  /// Members beside the header's that say nothing the hash covers. What comes from Parity's line of
  /// nodes and from proof of work is among them.
  private static let otherMembers: Set<String> = [
    "size", "totalDifficulty", "uncles", "sealFields", "author",
  ]

  /// Reads one block; `null` is an error of its own.
  ///
  /// - Parameter allows: which types of transactions may stand in it
  init(_ bytes: RawSpan, allowing allows: (TransactionType) -> Bool) throws(EthereumError) {
    var reader = AnswerReader(bytes)
    var members = AnswerMembers<HeaderMember>()
    do {
      if try reader.skipNull() { throw AnswerError.null }
      try reader.openObject()
      var parts = Parts()
      while let name = try reader.nextMember() {
        if let member = HeaderMember.names.member(named: name, in: reader) {
          try members.set(member, reader.readText())
        } else {
          try parts.read(reader.string(name), &reader, allowing: allows)
        }
      }
      try reader.expectEnd()
      header = try members.header(in: reader)
      claimedHash = try parts.hash.map { try reader.hash32($0, "hash") }
      transactions = parts.transactions
      transactionHashes = parts.transactionHashes
      claimedSenders = parts.claimedSenders
      withdrawals = parts.withdrawals
      unknownMembers = parts.unknownMembers
    } catch let error as AnswerError {
      throw .answer(error)
    } catch let error as EthereumError {
      throw error
    } catch {
      throw .unverifiable(.headerFields)
    }
  }

  /// What stands beside the header.
  private struct Parts {
    var hash: AnswerReader.Text?
    var transactions: TrieItems?
    var transactionHashes: [Hash32] = []
    var claimedSenders: [EthereumAddress?] = []
    var withdrawals: TrieItems?
    var unknownMembers: [String] = []
    private var encoder = TransactionEncoder()
    private var hasTransactions = false

    mutating func read(
      _ name: String, _ reader: inout AnswerReader, allowing allows: (TransactionType) -> Bool
    ) throws {
      switch name {
      case "hash": hash = try reader.readText()
      case "transactions":
        guard !hasTransactions else { throw AnswerError.duplicate(name) }
        hasTransactions = true
        try readTransactions(&reader, allowing: allows)
      case "withdrawals":
        guard withdrawals == nil else { throw AnswerError.duplicate(name) }
        if try !reader.skipNull() { withdrawals = try Self.readWithdrawals(&reader) }
      default:
        if !BlockAnswer.otherMembers.contains(name), unknownMembers.count < 16 {
          unknownMembers.append(name)
        }
        try reader.skipValue()
      }
    }

    private mutating func readTransactions(
      _ reader: inout AnswerReader, allowing allows: (TransactionType) -> Bool
    ) throws {
      var items = TrieItems()
      try reader.openArray()
      while try reader.nextElement() {
        if try reader.peek() == UInt8(ascii: "\"") {
          transactionHashes.append(try reader.hash32(reader.readString(), "transactions"))
        } else {
          try encoder.encode(&reader, to: &items, allowing: allows)
          claimedSenders.append(encoder.claimedSender)
        }
      }
      guard transactionHashes.isEmpty || items.count == 0 else {
        throw AnswerError.invalid("transactions")
      }
      transactions = transactionHashes.isEmpty ? items : nil
    }

    private static func readWithdrawals(_ reader: inout AnswerReader) throws -> TrieItems {
      var items = TrieItems()
      try reader.openArray()
      while try reader.nextElement() {
        var members = AnswerMembers<WithdrawalMember>()
        try reader.openObject()
        while let name = try reader.nextMember() {
          if let member = WithdrawalMember.names.member(named: name, in: reader) {
            try members.set(member, reader.readText())
          } else {
            try reader.skipValue()
          }
        }
        let withdrawal = Withdrawal(
          index: try reader.number64(members.required(.index), "index"),
          validatorIndex: try reader.number64(members.required(.validatorIndex), "validatorIndex"),
          recipient: try reader.address(members.required(.address), "address"),
          gwei: try reader.number64(members.required(.amount), "amount"))
        items.append { withdrawal.append(to: &$0) }
      }
      return items
    }
  }

  private enum WithdrawalMember: Int, AnswerMember {
    case index, validatorIndex, address, amount

    static let names = MemberNames<WithdrawalMember>()
  }
}
