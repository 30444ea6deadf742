internal import Bytes
internal import ChainTypes

/// Turns a receipt as a node writes it in JSON into its encoding. One encoder serves a whole block.
struct ReceiptEncoder {
  enum Member: Int, AnswerMember {
    case type, status, root, cumulativeGasUsed, logsBloom, logs, depositNonce, depositReceiptVersion

    static let names = MemberNames<Member>()
  }

  private let profile: ProofProfile
  private var members = AnswerMembers<Member>()
  private var order = MemberOrder<Member>()
  private var logEncoder = LogEncoder()
  private var logs = RLPWriter()

  init(_ profile: ProofProfile) { self.profile = profile }

  /// Reads the object that comes next and appends the receipt.
  mutating func encode(
    _ reader: inout AnswerReader, to items: inout TrieItems
  ) throws(EthereumError) {
    do {
      try read(&reader)
    } catch {
      throw .answer(error)
    }
    let type = try typeByte(reader)
    do {
      try items.append { writer throws(AnswerError) in
        try append(type, from: reader, to: &writer)
      }
    } catch {
      throw .answer(error)
    }
  }

  /// Zero for a legacy transaction's. Where a chain's transactions can't be proved, types of its
  /// own have receipts of the common form (EIP-2718).
  private func typeByte(_ reader: borrowing AnswerReader) throws(EthereumError) -> UInt8 {
    if !profile.provesTransactions, let text = members[.type] {
      do {
        if let byte = UInt8(exactly: try reader.number64(text, "type")), byte < 0x80 {
          return byte
        }
      } catch {
        throw .answer(error)
      }
    }
    return try TransactionType(members[.type], in: reader) { .receiptType($0) }.rawValue
  }

  private mutating func read(_ reader: inout AnswerReader) throws(AnswerError) {
    members.removeAll()
    logs.removeAll()
    var hasLogs = false
    try order.open(&reader)
    while case .member(let member) = try order.next(&reader) {
      switch member {
      case nil: try reader.skipValue()
      case .logs:
        guard !hasLogs else { throw .duplicate("logs") }
        hasLogs = true
        try reader.openArray()
        while try reader.nextElement() { try logEncoder.encode(&reader, to: &logs) }
      case .some(let member): try members.set(member, reader.readText())
      }
    }
    guard hasLogs else { throw .missing("logs") }
  }

  private func append(
    _ type: UInt8, from reader: borrowing AnswerReader, to writer: inout RLPWriter
  ) throws(AnswerError) {
    var status: UInt64?
    if let text = members[.status] {
      status = try reader.number64(text, "status")
      guard status ?? 0 <= 1 else { throw .invalid("status") }
    }
    let gas = try reader.number64(members.required(.cumulativeGasUsed), "cumulativeGasUsed")
    // Before Canyon nodes tell a deposit's nonce though its receipt's encoding lacks it.
    var deposit: (nonce: UInt64, version: UInt64)?
    if type == TransactionType.deposit.rawValue, let version = members[.depositReceiptVersion] {
      deposit = (
        try reader.number64(members.required(.depositNonce), "depositNonce"),
        try reader.number64(version, "depositReceiptVersion")
      )
    }
    // Reckoned before, so that nothing is moved to make room for a prefix.
    var payload = status.map(RLPWriter.encodedCount) ?? 1 + Hash32.byteCount
    payload += RLPWriter.encodedCount(of: gas)
    payload += RLPWriter.prefixCount(ofPayload: LogBloom.byteCount) + LogBloom.byteCount
    payload += RLPWriter.prefixCount(ofPayload: logs.bytes.count) + logs.bytes.count
    if let deposit {
      payload += RLPWriter.encodedCount(of: deposit.nonce)
      payload += RLPWriter.encodedCount(of: deposit.version)
    }

    if type != TransactionType.legacy.rawValue { writer.append(rawByte: type) }
    writer.appendListPrefix(count: payload)
    let start = writer.bytes.count
    if let status {
      writer.append(status)
    } else {
      try writer.append(data: members.required(.root), of: reader, byteCount: 32, "root")
    }
    writer.append(gas)
    try writer.append(
      data: members.required(.logsBloom), of: reader, byteCount: LogBloom.byteCount, "logsBloom")
    writer.appendListPrefix(count: logs.bytes.count)
    writer.append(encoded: logs.bytes)
    if let deposit {
      writer.append(deposit.nonce)
      writer.append(deposit.version)
    }
    precondition(writer.bytes.count == start + payload, "the prefix tells the payload's length")
  }
}
